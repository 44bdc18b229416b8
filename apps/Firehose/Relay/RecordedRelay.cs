using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using Firehose.Decoding;
using Firehose.Reading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Firehose.Relay;

/// <summary>
/// A relay on loopback that serves recorded frames over a real WebSocket: behind the cursor asked for, or all of them to a reader that
/// has none, then nothing more with the connection open. For the demo and for tests.
/// </summary>
public sealed class RecordedRelay : IAsyncDisposable
{
    private readonly IReadOnlyList<RecordedFrame> _frames;
    private readonly RecordedRelayOptions _options;
    private readonly TimeProvider _time;
    private readonly WebApplication _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly long _head;
    private int _connections;

    private RecordedRelay(IReadOnlyList<RecordedFrame> frames, RecordedRelayOptions options, TimeProvider time)
    {
        _frames = frames;
        _options = options;
        _time = time;
        _head = frames.Count == 0 ? 0 : frames.Max(frame => frame.Seq);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port));
        _server = builder.Build();
        _server.UseWebSockets();
        _server.Map("/xrpc/com.atproto.sync.subscribeRepos", ServeAsync);
    }

    /// <summary>Where it listens, `ws://127.0.0.1:port`.</summary>
    public Uri Url { get; private set; } = new("ws://127.0.0.1");

    /// <summary>How many connections there were.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The sequence number of the last frame.</summary>
    public long Head => _head;

    /// <summary>Reads a recording (`.frames` or `.frames.gz`) with the place of each frame.</summary>
    public static IReadOnlyList<RecordedFrame> Load(string path) =>
        [.. RecordedFrames.Read(path).Select(bytes => new RecordedFrame(FrameDecoder.Decode(bytes).Seq, bytes))];

    /// <summary>Starts to serve <paramref name="frames"/>.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<RecordedRelay> StartAsync(IReadOnlyList<RecordedFrame> frames, RecordedRelayOptions? options = null, TimeProvider? time = null, CancellationToken stopping = default)
    {
        var relay = new RecordedRelay(frames, options ?? new RecordedRelayOptions(), time ?? TimeProvider.System);
        await relay._server.StartAsync(stopping);
        relay.Url = new UriBuilder(relay._server.Urls.Single()) { Scheme = "ws" }.Uri;
        return relay;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _server.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }
        long? cursor = long.TryParse(context.Request.Query["cursor"], CultureInfo.InvariantCulture, out var asked) ? asked : null;
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, context.RequestAborted);
        try
        {
            await ServeAsync(socket, Interlocked.Increment(ref _connections), cursor, over.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException)
        {
            // The reader left, or we did.
        }
    }

    private async Task ServeAsync(WebSocket socket, int connection, long? cursor, CancellationToken over)
    {
        // A reader that never reads what is sent to it must still be able to say goodbye.
        var leaving = socket.ReceiveAsync(new byte[16].AsMemory(), over).AsTask();
        var started = _time.GetTimestamp();
        var sent = 0;
        foreach (var message in Script(connection, cursor))
        {
            if (leaving.IsCompleted) return;
            await socket.SendAsync(message.Bytes, message.IsText ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, over);
            sent++;
            if (message.Ends)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, "the stream ends here", over);
                break;
            }
            // Without a closing handshake, but what was sent arrives: a reset would take it back.
            if (sent == _options.DropEvery) return;
            if (_options.FramesPerSecond is { } rate && TimeSpan.FromSeconds((double)sent / rate) - _time.GetElapsedTime(started) is var early && early > TimeSpan.Zero)
                await Task.Delay(early, _time, over);
        }
        await leaving;
    }

    private IEnumerable<RelayMessage> Script(int connection, long? cursor)
    {
        if (cursor > _head)
        {
            yield return new RelayMessage(RelayFrames.Error("FutureCursor", "Cursor in the future."), Ends: true);
            yield break;
        }
        var number = 0;
        for (var pass = 0; pass < _options.Passes; pass++)
            foreach (var frame in _frames)
            {
                if (frame.Seq != 0 && frame.Seq <= cursor) continue;
                number++;
                if (number % _options.UnknownEvery == 0)
                {
                    yield return new RelayMessage(RelayFrames.UnknownType);
                    yield return new RelayMessage(RelayFrames.UnknownOp);
                }
                foreach (var message in _options.Script?.Invoke(connection, frame) ?? [new RelayMessage(frame.Bytes)]) yield return message;
                if (number % _options.RepeatEvery == 0) yield return new RelayMessage(frame.Bytes);
            }
    }
}
