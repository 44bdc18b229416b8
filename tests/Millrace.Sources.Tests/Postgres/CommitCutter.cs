using System.Net;
using System.Net.Sockets;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Stands between a store and its server, and cuts the connection at the next commit it is told to: before the server hears of it, or after it has answered.</summary>
public sealed class CommitCutter : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];
    private readonly int _server;
    private int _cut;

    public CommitCutter(int server)
    {
        _server = server;
        _listener.Start();
        _running.Add(AcceptAsync());
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How many were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>What is done once an answer was withheld.</summary>
    public Func<Task>? Then { get; init; }

    public void CutBefore() => Volatile.Write(ref _cut, 1);

    public void CutAfter() => Volatile.Write(ref _cut, 2);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Task[] running;
        lock (_running) running = [.. _running];
        await Task.WhenAll(running);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                lock (_running) _running.Add(ForwardAsync(client));
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _server, _stopping.Token);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                var up = PumpAsync(client.GetStream(), server.GetStream(), isClient: true, ended);
                var down = PumpAsync(server.GetStream(), client.GetStream(), isClient: false, ended);
                await Task.WhenAll(up, down);
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone; both are closed.
            }
        }
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, bool isClient, CancellationTokenSource ended)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(buffer, ended.Token);
                if (read == 0) return;
                // As a statement of its own: "read committed" begins each transaction.
                var cut = isClient && buffer.AsSpan(0, read).IndexOf("COMMIT\0"u8) >= 0 ? Interlocked.Exchange(ref _cut, 0) : 0;
                if (cut > 0) Cuts++;
                if (cut == 1) return;
                if (cut == 2)
                {
                    // The other direction must not pass the answer on.
                    await ended.CancelAsync();
                    await to.WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
                    await to.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, _stopping.Token);
                    if (Then is not null) await Then();
                    return;
                }

                await to.WriteAsync(buffer.AsMemory(0, read), ended.Token);
            }
        }
        finally
        {
            await ended.CancelAsync();
        }
    }
}
