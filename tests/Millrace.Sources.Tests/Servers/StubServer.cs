using System.Net;
using System.Net.Sockets;
using System.Text;
using Servers;

namespace Millrace.Sources.Tests.Servers;

/// <summary>A server that the test speaks for, with a proxy in front, and one client through it.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly List<Socket> _sockets = [];

    public StubServer(TimeProvider? clock = null)
    {
        _listener = new(IPAddress.Loopback, 0);
        _listener.Start();
        Proxy = TcpProxy.Start(((IPEndPoint)_listener.LocalEndpoint).Port, clock);
    }

    public TcpProxy Proxy { get; }

    /// <summary>A client and the server's end of its connection.</summary>
    public async Task<(Socket Client, Socket Server)> ConnectAsync(CancellationToken stop)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, Proxy.Port, stop);
        var server = await _listener.AcceptSocketAsync(stop);
        _sockets.Add(server);
        return (client, server);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _listener.Dispose();
        foreach (var socket in _sockets) socket.Dispose();
    }

    public static async Task SendAsync(Socket socket, string text, CancellationToken stop) => await socket.SendAsync(Encoding.ASCII.GetBytes(text), stop);

    /// <summary>The next bytes, as many as <paramref name="length"/>.</summary>
    public static async Task<string> ReadAsync(Socket socket, int length, CancellationToken stop)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = await socket.ReceiveAsync(bytes.AsMemory(read), stop);
            Assert.NotEqual(0, more);
            read += more;
        }

        return Encoding.ASCII.GetString(bytes);
    }

    /// <summary>Everything until the other side ends in order.</summary>
    public static async Task<string> ReadToEndAsync(Socket socket, CancellationToken stop)
    {
        var text = new StringBuilder();
        var bytes = new byte[4096];
        while (await socket.ReceiveAsync(bytes, stop) is > 0 and var read) text.Append(Encoding.ASCII.GetString(bytes, 0, read));
        return text.ToString();
    }

    /// <summary>Why the connection ended.</summary>
    public static async Task<SocketError> AwaitResetAsync(Socket socket, CancellationToken stop) =>
        (await Assert.ThrowsAsync<SocketException>(async () => await socket.ReceiveAsync(new byte[1], stop))).SocketErrorCode;
}
