using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Servers;

/// <summary>One plain connection that speaks Redis's protocol (RESP2), a command at a time and nothing by itself: no retry, no pipeline.</summary>
public sealed class RespConnection : IAsyncDisposable
{
    private const int MaxLine = 64 * 1024;

    private readonly BufferedStream _stream;

    private RespConnection(Stream stream) => _stream = new(stream);

    /// <summary>Connects to 127.0.0.1, with TLS if a certificate to trust is given.</summary>
    public static async Task<RespConnection> OpenAsync(int port, string? certificateFile = null, CancellationToken stop = default)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync("127.0.0.1", port, stop);
            if (certificateFile is null) return new(client.GetStream());
            using var root = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(certificateFile, stop));
            var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck };
            var secured = new SslStream(client.GetStream());
            await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1", CertificateChainPolicy = trust }, stop);
            return new(secured);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    /// <summary>The reply: a string, a long, an object?[] or null.</summary>
    /// <exception cref="RespException">The server's error reply.</exception>
    public async Task<object?> ExecuteAsync(IReadOnlyList<string> command, CancellationToken stop = default)
    {
        var text = new StringBuilder($"*{command.Count}\r\n");
        foreach (var part in command) text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), stop);
        await _stream.FlushAsync(stop);
        return await ReadAsync(stop) switch
        {
            RespException error => throw error,
            var reply => reply,
        };
    }

    private async Task<object?> ReadAsync(CancellationToken stop)
    {
        var line = await ReadLineAsync(stop);
        var rest = line[1..];
        return line[0] switch
        {
            '+' => rest,
            '-' => new RespException(rest),
            ':' => Number(rest),
            '$' => await ReadBulkAsync(Number(rest), stop),
            '*' => await ReadArrayAsync(Number(rest), stop),
            _ => throw new InvalidDataException($"Not a RESP2 reply: \"{line}\"."),
        };
    }

    private async Task<string?> ReadBulkAsync(long length, CancellationToken stop)
    {
        if (length < 0) return null;
        var bytes = new byte[length + 2];
        await _stream.ReadExactlyAsync(bytes, stop);
        return Encoding.UTF8.GetString(bytes.AsSpan(..^2));
    }

    private async Task<object?[]?> ReadArrayAsync(long length, CancellationToken stop)
    {
        if (length < 0) return null;
        var items = new object?[length];
        for (var i = 0; i < items.Length; i++) items[i] = await ReadAsync(stop);
        return items;
    }

    private async Task<string> ReadLineAsync(CancellationToken stop)
    {
        var one = new byte[1];
        var line = new List<byte>();
        while (line is not [.., (byte)'\r', (byte)'\n'])
        {
            await _stream.ReadExactlyAsync(one, stop);
            line.Add(one[0]);
            if (line.Count > MaxLine) throw new InvalidDataException("A line of a RESP2 reply does not end.");
        }

        if (line.Count < 3) throw new InvalidDataException("An empty line where a RESP2 reply was expected.");
        return Encoding.UTF8.GetString([.. line[..^2]]);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
