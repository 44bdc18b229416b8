using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Firehose.Reading;

namespace Apps.Tests.Firehose.Reading;

/// <summary>Row 69 of the bad-input catalogue, by a server that sends messages in pieces.</summary>
public sealed class FrameSocketTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FrameSocketTests() => _listener.Start();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_message_in_pieces_is_one_frame()
    {
        using var socket = new FrameSocket();
        var serving = ServeAsync(async server =>
        {
            for (var i = 0; i < 100_000; i++) await server.SendAsync(new[] { (byte)i }, WebSocketMessageType.Binary, i == 99_999, Stop);
        });
        await ConnectAsync(socket);

        var frame = await socket.ReceiveAsync(Stop);

        Assert.Null(frame!.Value.Flaw);
        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => (byte)i), frame.Value.Bytes.ToArray());
        _read.SetResult();
        await serving;
    }

    [Fact]
    public async Task A_message_of_100_megabytes_is_cut_at_the_limit_and_the_next_one_is_read()
    {
        using var socket = new FrameSocket();
        var serving = ServeAsync(async server =>
        {
            await server.SendAsync(new byte[100_000_000], WebSocketMessageType.Binary, true, Stop);
            await server.SendAsync(new byte[] { 1, 2, 3 }, WebSocketMessageType.Binary, true, Stop);
        });
        await ConnectAsync(socket);

        var large = await socket.ReceiveAsync(Stop);
        var next = await socket.ReceiveAsync(Stop);

        Assert.StartsWith("FRM010", large!.Value.Flaw, StringComparison.Ordinal);
        Assert.Equal(FrameSocket.MaxFrameBytes, large.Value.Bytes.Length);
        Assert.Equal([1, 2, 3], next!.Value.Bytes.ToArray());
        _read.SetResult();
        await serving;
    }

    [Fact]
    public async Task Pieces_without_end_drop_the_connection()
    {
        using var socket = new FrameSocket();
        var serving = ServeAsync(async server =>
        {
            var piece = new byte[1 << 20];
            while (true) await server.SendAsync(piece, WebSocketMessageType.Binary, endOfMessage: false, Stop);
        });
        await ConnectAsync(socket);

        var error = await Assert.ThrowsAsync<WebSocketException>(async () => await socket.ReceiveAsync(Stop));

        Assert.Contains("does not end", error.Message, StringComparison.Ordinal);
        socket.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);   // there is nobody to send to any more
    }

    private Task ConnectAsync(FrameSocket socket) => socket.ConnectAsync(new Uri($"ws://{_listener.LocalEndpoint}"), Stop);

    /// <summary>Takes one connection, shakes hands by hand (so that nothing stands between) and hands it to <paramref name="serve"/>.</summary>
    private async Task ServeAsync(Func<WebSocket, Task> serve)
    {
        using var client = await _listener.AcceptTcpClientAsync(Stop);
        await using var stream = client.GetStream();
        var request = "";
        for (var buffer = new byte[4096]; !request.EndsWith("\r\n\r\n", StringComparison.Ordinal);)
            request += Encoding.Latin1.GetString(buffer, 0, await stream.ReadAsync(buffer, Stop));
        var key = request.Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
#pragma warning disable CA5350 // the handshake of RFC 6455 is made with SHA-1
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.Latin1.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"), Stop);
        using var server = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        await serve(server);
        await _read.Task;   // closing could take back what was sent
    }
}
