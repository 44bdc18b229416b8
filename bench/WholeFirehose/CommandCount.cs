using System.Net.Sockets;

namespace Bench.WholeFirehose;

/// <summary>Counts the commands that clients send to Redis, by its MONITOR: what scripts call inside the server says "lua" where a client's address would be.</summary>
internal sealed class CommandCount : IAsyncDisposable
{
    private readonly TcpClient _client = new();
    private Task _reading = Task.CompletedTask;
    private long _commands;

    public long Commands => Volatile.Read(ref _commands);

    public static async Task<CommandCount> StartAsync(int port, CancellationToken stopping)
    {
        var count = new CommandCount();
        await count._client.ConnectAsync("127.0.0.1", port, stopping);
        var stream = count._client.GetStream();
        await stream.WriteAsync("MONITOR\r\n"u8.ToArray(), stopping);
        count._reading = count.ReadAsync(new StreamReader(stream, System.Text.Encoding.Latin1, false, 1 << 20));
        return count;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _reading;
    }

    private async Task ReadAsync(StreamReader reader)
    {
        try
        {
            // +1339518083.107412 [0 127.0.0.1:60866] "keys" "*"
            while (await reader.ReadLineAsync() is { } line)
                if (line.IndexOf(']', StringComparison.Ordinal) is > 0 and var end && !line.AsSpan(0, end).EndsWith(" lua"))
                    Interlocked.Increment(ref _commands);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or SocketException)
        {
            // Ended.
        }
    }
}
