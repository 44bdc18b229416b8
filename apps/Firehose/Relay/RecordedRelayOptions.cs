namespace Firehose.Relay;

/// <summary>How the recorded relay behaves, well and badly. Everything counts frames sent on one connection.</summary>
public sealed class RecordedRelayOptions
{
    /// <summary>The loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>How often the recording is served to a connection that reaches its end.</summary>
    /// <value>1.</value>
    public int Passes { get; init; } = 1;

    /// <summary>Most frames a second; null for as fast as the reader reads.</summary>
    public int? FramesPerSecond { get; init; }

    /// <summary>Cuts the connection, without a word, after so many frames.</summary>
    public int? DropEvery { get; init; }

    /// <summary>Sends every so manieth frame twice.</summary>
    public int? RepeatEvery { get; init; }

    /// <summary>Sends a frame of an unknown type, and one of an unknown op, before every so manieth frame.</summary>
    public int? UnknownEvery { get; init; }

    /// <summary>What is sent in place of a frame, for a script of one's own: gets the connection's number from 1 and the frame.</summary>
    public Func<int, RecordedFrame, IEnumerable<RelayMessage>>? Script { get; init; }
}

/// <summary>A frame with its place in the stream, 0 for one without.</summary>
public readonly record struct RecordedFrame(long Seq, ReadOnlyMemory<byte> Bytes);

/// <summary>Something the relay sends.</summary>
/// <param name="Bytes">The message.</param>
/// <param name="IsText">True for a text message, which the protocol does not know.</param>
/// <param name="Ends">True when the relay closes the connection behind it, with code 1008.</param>
public readonly record struct RelayMessage(ReadOnlyMemory<byte> Bytes, bool IsText = false, bool Ends = false);
