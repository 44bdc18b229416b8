using System.Net.WebSockets;
using Firehose.Decoding;
using Firehose.Monitoring;
using Microsoft.Extensions.Logging;

namespace Firehose.Reading;

/// <summary>One connection to the relay: receive, buffer, read, publish. Receiving waits for reading only when the buffer is full.</summary>
internal sealed class RelaySession(FirehoseOptions options, EventPublisher publisher, BacklogGate gate, RefusedFrames refused, FirehoseActivity activity, ILogger logger)
{
    /// <summary>So many events in a row at or before the cursor are no repetition after a resume: the relay counts anew.</summary>
    private const int MaxRepeated = 10_000;

    private readonly string _host = options.RelayUrl.Authority;
    private readonly Dictionary<FrameKind, long> _received = [];
    private long? _last;
    private int _repeated;

    /// <summary>True once an event was read: the next failure is a new one.</summary>
    public bool Progressed { get; private set; }

    /// <summary>Runs until the connection ends. Everything that was read is then in the queue.</summary>
    /// <param name="cursor">Where to resume, or null for live events only.</param>
    /// <param name="stopping">Ends the session; what was read is still published.</param>
    public async Task<SessionEnd> RunAsync(long? cursor, CancellationToken stopping)
    {
        _last = cursor;
        using var socket = new FrameSocket();
        await socket.ConnectAsync(FrameSocket.AddressOf(options.RelayUrl, cursor), stopping);
        activity.ConnectionOpened();
        Log.Connected(logger, _host, cursor is { } seq ? $"cursor {seq}" : "the live end");

        using var buffer = new FrameBuffer(options.MaxBufferedFrames, options.MaxBufferedBytes);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var receiving = ReceiveAsync(socket, buffer, over.Token);
        try
        {
            var end = await ReadAsync(buffer, stopping);
            if (end is null) return new SessionEnd.Dropped(await receiving);
            return end;
        }
        finally
        {
            activity.Connected = false;
            await over.CancelAsync();
            await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            buffer.Discard();
        }
    }

    /// <summary>Fills the buffer until the connection ends; says why it did.</summary>
    private static async Task<string> ReceiveAsync(FrameSocket socket, FrameBuffer buffer, CancellationToken over)
    {
        try
        {
            while (await socket.ReceiveAsync(over) is { } frame) await buffer.AddAsync(frame, over);
            return socket.CloseReason;
        }
        catch (WebSocketException error)
        {
            return error.Message;
        }
        finally
        {
            buffer.Complete();
        }
    }

    /// <summary>Reads and publishes until the buffer ends (null) or the stream must be left.</summary>
    private async ValueTask<SessionEnd?> ReadAsync(FrameBuffer buffer, CancellationToken stopping)
    {
        SessionEnd? end = null;
        while (end is null && await WaitAsync(buffer, stopping))
        {
            var frames = 0;
            while (end is null && !publisher.IsFull && buffer.TryTake(out var frame))
            {
                frames++;
                end = Read(frame);
                frame.Return();
            }
            foreach (var (kind, count) in _received) activity.Received(NameOf(kind), count);
            _received.Clear();
            await gate.PassAsync(frames, stopping);
            await publisher.FlushAsync(stopping);
        }
        await publisher.CompleteAsync(stopping);
        return end;
    }

    /// <summary>Waits for a frame. A batch that could not be published fails at once, not with the next frame: that may be long in coming.</summary>
    private async ValueTask<bool> WaitAsync(FrameBuffer buffer, CancellationToken stopping)
    {
        var waiting = buffer.WaitAsync(stopping);
        if (waiting.IsCompleted) return await waiting;
        var more = waiting.AsTask();
        if (await Task.WhenAny(more, publisher.Publishing) != more) await publisher.Publishing;
        return await more;
    }

    private SessionEnd? Read(ReceivedFrame received)
    {
        Frame frame;
        try
        {
            if (received.Flaw is not null) return Refuse(received, DecodingException.FrameTooLarge, received.Flaw);
            frame = FrameDecoder.Decode(received.Bytes);
        }
        catch (DecodingException error)
        {
            return Refuse(received, error.Code, error.Message);
        }
        _received[frame.Kind] = _received.GetValueOrDefault(frame.Kind) + 1;
        switch (frame.Kind)
        {
            case FrameKind.Unknown:
                return null;
            case FrameKind.Info:
                Hear(frame);
                return null;
            case FrameKind.Error:
                return EndOf(frame);
            default:
                return Take(frame);
        }
    }

    private SessionEnd.CursorAhead? Take(Frame frame)
    {
        if (frame.Seq <= _last)
        {
            activity.Received("repeated", 1);
            return ++_repeated < MaxRepeated ? null
                : new SessionEnd.CursorAhead($"{_repeated} events in a row bear numbers up to {frame.Seq}, at or before the cursor");
        }
        _repeated = 0;
        _last = frame.Seq;
        Progressed = true;
        publisher.Add(frame);
        return null;
    }

    private SessionEnd.Refused? Refuse(ReceivedFrame received, string code, string reason)
    {
        activity.Refused(code, reason);
        var name = RefusedFrames.NameOf(received.Bytes.Span);
        var times = refused.Count(name);
        Log.FrameRefused(logger, _last, times, options.FrameTries, reason);
        if (times < options.FrameTries) return new SessionEnd.Refused(reason);

        refused.Forget(name);
        publisher.AddRefused(received.Bytes, name, reason);
        activity.Gap("refused-frame");
        Log.FrameBuried(logger, _last, Writing.QueuedFrame.Queue, reason);
        return null;
    }

    private void Hear(Frame frame)
    {
        if (frame.Name == "OutdatedCursor")
        {
            activity.Gap("outdated-cursor");
            activity.LastError = $"OutdatedCursor: {frame.Message}";
            Log.Gap(logger, "OutdatedCursor", _host, _last, frame.Message ?? "events before the oldest retained one are lost");
        }
        else Log.RelaySays(logger, _host, frame.Name ?? "#info", frame.Message);
    }

    private static SessionEnd EndOf(Frame frame)
    {
        var reason = $"{frame.Name}: {frame.Message}";
        return frame.Name switch
        {
            "FutureCursor" => new SessionEnd.CursorAhead(reason),
            "ConsumerTooSlow" => new SessionEnd.TooSlow(reason),
            _ => new SessionEnd.Dropped(reason),
        };
    }

    private static string NameOf(FrameKind kind) => kind.ToString().ToLowerInvariant();
}
