using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Servers;

/// <summary>A Redis, or another server with its protocol and command line, on a loopback port with an append-only file in a temporary directory.</summary>
/// <param name="binary">The program.</param>
/// <param name="options">Further options, as on the command line: they win over ours.</param>
public sealed class RedisServer(string binary = "redis-server", params IReadOnlyList<string> options) : ServerProcess
{
    /// <summary>host:port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>As in REDIS_URL.</summary>
    public string Url => $"redis://{Address}";

    /// <summary>A started one.</summary>
    public static async Task<RedisServer> StartNewAsync(CancellationToken stop = default)
    {
        var server = new RedisServer();
        await server.StartAsync(stop);
        return server;
    }

    protected override ProcessStartInfo Describe() => new(binary,
    [
        "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
        "--maxmemory-policy", "noeviction", "--daemonize", "no", .. options,
    ]);

    protected override async Task<bool> AnswersAsync(CancellationToken stop)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", Port, stop);
        var stream = client.GetStream();
        await stream.WriteAsync("PING\r\n"u8.ToArray(), stop);
        var answer = new byte[64];
        var read = await stream.ReadAsync(answer, stop);
        // "-LOADING" is no answer yet; "-NOAUTH" is one.
        var text = Encoding.ASCII.GetString(answer, 0, read);
        return text.StartsWith("+PONG", StringComparison.Ordinal) || text.StartsWith("-NOAUTH", StringComparison.Ordinal);
    }
}
