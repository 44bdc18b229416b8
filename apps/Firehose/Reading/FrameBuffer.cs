using System.Buffers;
using System.Threading.Channels;

namespace Firehose.Reading;

/// <summary>Frames between the socket and the parser, bounded in count and in bytes, so that the socket is read ahead of everything else but not without end.</summary>
internal sealed class FrameBuffer(int maxFrames, long maxBytes) : IDisposable
{
    private readonly Channel<ReceivedFrame> _frames =
        Channel.CreateBounded<ReceivedFrame>(new BoundedChannelOptions(maxFrames) { SingleReader = true, SingleWriter = true });

    private readonly SemaphoreSlim _room = new(0);
    private long _bytes;
    private int _waiting;

    /// <summary>Adds a frame once there is room; one that is larger than the whole bound goes alone.</summary>
    public async ValueTask AddAsync(ReceivedFrame frame, CancellationToken stopping)
    {
        while (Interlocked.Read(ref _bytes) is > 0 and var held && held + frame.Length > maxBytes)
        {
            Volatile.Write(ref _waiting, 1);
            // Looked at again after saying that we wait, or the last frame could leave unseen in between.
            if (Interlocked.Read(ref _bytes) is > 0 and var still && still + frame.Length > maxBytes) await _room.WaitAsync(stopping);
        }
        Interlocked.Add(ref _bytes, frame.Length);
        await _frames.Writer.WriteAsync(frame, stopping);
    }

    /// <summary>No more frames will come.</summary>
    public void Complete() => _frames.Writer.TryComplete();

    /// <summary>Waits for a frame; false when none will come any more.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken stopping) => _frames.Reader.WaitToReadAsync(stopping);

    /// <summary>Takes the next frame, if there is one now; the taker returns its bytes.</summary>
    public bool TryTake(out ReceivedFrame frame)
    {
        if (!_frames.Reader.TryRead(out frame)) return false;
        Interlocked.Add(ref _bytes, -frame.Length);
        if (Interlocked.Exchange(ref _waiting, 0) != 0) _room.Release();
        return true;
    }

    /// <summary>Returns the bytes of all frames that nobody will take.</summary>
    public void Discard()
    {
        while (TryTake(out var frame)) frame.Return();
    }

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();
}

/// <summary>One WebSocket message as it came.</summary>
/// <param name="Buffer">Rented; holds the message in its first <paramref name="Length"/> bytes.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Flaw">Why it is no frame at all, known before reading it, or null.</param>
internal readonly record struct ReceivedFrame(byte[] Buffer, int Length, string? Flaw)
{
    public ReadOnlyMemory<byte> Bytes => Buffer.AsMemory(0, Length);

    public void Return() => ArrayPool<byte>.Shared.Return(Buffer);
}
