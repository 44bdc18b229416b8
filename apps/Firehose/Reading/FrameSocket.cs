using System.Buffers;
using System.Globalization;
using System.Net.WebSockets;
using Firehose.Decoding;

namespace Firehose.Reading;

/// <summary>The WebSocket to a relay: whole messages, each at most as long as the protocol allows.</summary>
internal sealed class FrameSocket : IDisposable
{
    /// <summary>The protocol's limit.</summary>
    public const int MaxFrameBytes = 5_000_000;

    /// <summary>How much of one message is read on behind the limit to find its end; then the connection is dropped.</summary>
    private const long MaxSkippedBytes = 256 * 1024 * 1024;

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(20);

    private readonly ClientWebSocket _socket = new();

    private byte[] _receiving = new byte[32 * 1024];

    public FrameSocket()
    {
        _socket.Options.KeepAliveInterval = KeepAlive;
        _socket.Options.KeepAliveTimeout = KeepAlive;
        _socket.Options.CollectHttpResponseDetails = true;
    }

    /// <summary>The address of the stream behind <paramref name="cursor"/>, or of live events only for null.</summary>
    public static Uri AddressOf(Uri relay, long? cursor)
    {
        var address = new UriBuilder(relay)
        {
            Scheme = relay.Scheme switch { "http" => "ws", "https" => "wss", var scheme => scheme },
            Path = $"{relay.AbsolutePath.TrimEnd('/')}/xrpc/com.atproto.sync.subscribeRepos",
            Query = cursor is { } seq ? $"cursor={seq.ToString(CultureInfo.InvariantCulture)}" : "",
        };
        if (relay.IsDefaultPort) address.Port = -1;
        return address.Uri;
    }

    /// <summary>Opens the stream.</summary>
    /// <exception cref="WebSocketException">The relay refused or cannot be reached; the message has the HTTP status, if there was one.</exception>
    public async Task ConnectAsync(Uri address, CancellationToken stopping)
    {
        try
        {
            await _socket.ConnectAsync(address, stopping);
        }
        catch (WebSocketException error) when ((int)_socket.HttpStatusCode >= 400)
        {
            throw new WebSocketException($"HTTP {(int)_socket.HttpStatusCode} {_socket.HttpStatusCode}", error);
        }
    }

    /// <summary>The next message, or null when the relay closed the stream.</summary>
    public async ValueTask<ReceivedFrame?> ReceiveAsync(CancellationToken stopping)
    {
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_receiving.AsMemory(length), stopping);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return Checked(length, part.MessageType);
            if (length > MaxFrameBytes)
            {
                await SkipAsync(stopping);
                return Checked(length, part.MessageType);
            }

            if (length == _receiving.Length) Array.Resize(ref _receiving, length * 2);
        }
    }

    /// <summary>What the relay said when it closed, in one line.</summary>
    public string CloseReason => _socket.CloseStatus is { } status ? $"closed with {(int)status} {_socket.CloseStatusDescription}".TrimEnd() : "closed";

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private ReceivedFrame Checked(int length, WebSocketMessageType type) =>
        length > MaxFrameBytes ? new(Kept(MaxFrameBytes), MaxFrameBytes, $"{DecodingException.FrameTooLarge} the frame is larger than {MaxFrameBytes} bytes (its start is kept)")
        : type == WebSocketMessageType.Text ? new(Kept(length), length, $"{DecodingException.FrameTooLarge} a text message of {length} bytes came where only binary frames are allowed")
        : new(Kept(length), length, null);

    /// <summary>A copy of its own size: thousands of frames may wait, and a buffer made for the largest would be mostly empty.</summary>
    private byte[] Kept(int length)
    {
        var kept = ArrayPool<byte>.Shared.Rent(length);
        _receiving.AsSpan(0, length).CopyTo(kept);
        return kept;
    }

    /// <summary>Reads to the end of the message, so that the next one can be read, should it come to that.</summary>
    private async ValueTask SkipAsync(CancellationToken stopping)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            for (long skipped = 0; skipped < MaxSkippedBytes;)
            {
                var part = await _socket.ReceiveAsync(scratch.AsMemory(), stopping);
                if (part.EndOfMessage || part.MessageType == WebSocketMessageType.Close) return;
                skipped += part.Count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
        throw new WebSocketException($"a message of more than {MaxSkippedBytes} bytes does not end");
    }
}
