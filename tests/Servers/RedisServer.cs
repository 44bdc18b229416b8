using System.Diagnostics;
using System.Globalization;

namespace Servers;

/// <summary>A Redis, or another server with its protocol and command line, on a loopback port with an append-only file in a temporary directory.</summary>
/// <param name="binary">The program.</param>
/// <param name="options">Further options, as on the command line: they win over ours.</param>
public sealed class RedisServer(string binary = "redis-server", params IReadOnlyList<string> options) : ServerProcess
{
    private static readonly TimeSpan ReplyTime = TimeSpan.FromSeconds(30);

    /// <summary>Asked of every client when set.</summary>
    public string? Password { get; init; }

    /// <summary>With TLS, and then without a plain port.</summary>
    public bool Tls { get; init; }

    /// <summary>As a node of a cluster, without slots and alone at first.</summary>
    public bool Clustered { get; init; }

    /// <summary>The port on which nodes of a cluster talk to each other.</summary>
    public int BusPort { get; private set; }

    /// <summary>host:port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>As in REDIS_URL.</summary>
    public string Url => $"{(Tls ? "rediss" : "redis")}://{(Password is null ? "" : $":{Uri.EscapeDataString(Password)}@")}{Address}";

    /// <summary>The certificate a client must trust, in PEM; there with <see cref="Tls"/> after the start.</summary>
    public string CertificateFile => Certificate.CertificateFile;

    private TestCertificate Certificate => new(Path.Combine(Folder, "tls"));

    /// <summary>A started one.</summary>
    public static Task<RedisServer> StartNewAsync(CancellationToken stop = default) => StartNewAsync(new RedisServer(), stop);

    /// <summary>A new plain connection, already past AUTH.</summary>
    public async Task<RespConnection> ConnectAsync(CancellationToken stop = default)
    {
        var connection = await RespConnection.OpenAsync(Port, Tls ? CertificateFile : null, stop);
        try
        {
            if (Password is not null) await connection.ExecuteAsync(["AUTH", Password], stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs one command on a connection of its own. The reply is a string, a long, an object?[] or null; an error reply is thrown.</summary>
    public async Task<object?> ExecuteAsync(params IReadOnlyList<string> command)
    {
        using var late = new CancellationTokenSource(ReplyTime);
        try
        {
            await using var connection = await ConnectAsync(late.Token);
            return await connection.ExecuteAsync(command, late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{binary} did not answer {command[0]} within {ReplyTime.TotalSeconds} s.");
        }
    }

    /// <summary>CONFIG SET.</summary>
    public Task ConfigureAsync(string name, string value) => ExecuteAsync("CONFIG", "SET", name, value);

    /// <summary>One field of INFO, as "process_id" or "connected_clients"; null when it has no such field.</summary>
    public async Task<string?> InfoAsync(string field)
    {
        var info = (string)(await ExecuteAsync("INFO"))!;
        return FieldOf(info, field);
    }

    protected override Task PrepareAsync(CancellationToken stop)
    {
        if (Tls) Certificate.Write();
        if (Clustered) BusPort = FreePort.Find();
        return Task.CompletedTask;
    }

    protected override ProcessStartInfo Describe()
    {
        List<string> arguments =
        [
            "--bind", "127.0.0.1", "--dir", Folder, "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
            "--maxmemory-policy", "noeviction", "--daemonize", "no",
        ];
        arguments.AddRange(Tls
            ? ["--port", "0", "--tls-port", $"{Port}", "--tls-auth-clients", "no", "--tls-cert-file", Certificate.CertificateFile, "--tls-key-file", Certificate.KeyFile]
            : ["--port", $"{Port}"]);
        if (Password is not null) arguments.AddRange(["--requirepass", Password]);
        if (Clustered) arguments.AddRange(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", $"{BusPort}", "--cluster-node-timeout", "2000"]);
        return new(binary, [.. arguments, .. options]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken stop)
    {
        try
        {
            await using var connection = await ConnectAsync(stop);
            var info = (string)(await connection.ExecuteAsync(["INFO"], stop))!;
            return FieldOf(info, "process_id") == ProcessId.ToString(CultureInfo.InvariantCulture) && FieldOf(info, "loading") == "0";
        }
        catch (RespException error) when (!error.Message.StartsWith("ERR", StringComparison.Ordinal))
        {
            // LOADING; or WRONGPASS and NOAUTH of somebody else's.
            return false;
        }
    }

    private static string? FieldOf(string info, string field) => info.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith($"{field}:", StringComparison.Ordinal))?[(field.Length + 1)..];
}
