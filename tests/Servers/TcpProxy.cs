using System.Net;
using System.Net.Sockets;

namespace Servers;

/// <summary>A loopback port in front of a server on which a test plays the network: it cuts, refuses, holds back and delays what goes through.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<ProxyConnection, Task> _open = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly Gate _requests = new();
    private readonly Gate _replies = new();
    private TaskCompletionSource _accepted = NewSignal();
    private volatile ProxyTrap? _trap;
    private TcpListener? _listener;
    private Task _accepting = Task.CompletedTask;

    private TcpProxy(int target, TimeProvider clock)
    {
        (_target, _clock) = (target, clock);
        Port = FreePort.Find();
        Listen();
    }

    /// <summary>What clients connect to, the same over <see cref="Refuse"/> and <see cref="Resume"/>.</summary>
    public int Port { get; }

    /// <summary>host:port.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Waits so long before each piece passes, in either direction; their order stays. Zero at first.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How many connections are open now.</summary>
    public int Connections
    {
        get { lock (_gate) return _open.Count; }
    }

    /// <summary>How many connections there have been.</summary>
    public int Accepted { get; private set; }

    internal ProxyTrap? Trap => _trap;

    /// <summary>In front of 127.0.0.1:<paramref name="target"/>.</summary>
    public static TcpProxy Start(int target, TimeProvider? clock = null) => new(target, clock ?? TimeProvider.System);

    /// <summary>Resets every open connection on both sides; new ones are taken.</summary>
    public void CutAll()
    {
        ProxyConnection[] open;
        lock (_gate) open = [.. _open.Keys];
        foreach (var connection in open) connection.Reset();
    }

    /// <summary>Answers new connections as a port does on which nobody listens; open ones go on.</summary>
    public void Refuse()
    {
        lock (_gate)
        {
            _listener?.Dispose();
            _listener = null;
        }
    }

    /// <summary>Refuses, and cuts what is open: the server is gone.</summary>
    public void Vanish()
    {
        Refuse();
        CutAll();
    }

    /// <summary>Takes bytes and connections and passes nothing that way on; <see cref="Resume"/> delivers what is held, as after a partition.</summary>
    public void BlackHole(ProxyDirection direction = ProxyDirection.Both)
    {
        if (direction.HasFlag(ProxyDirection.Request)) _requests.Close();
        if (direction.HasFlag(ProxyDirection.Reply)) _replies.Close();
    }

    /// <summary>Everything passes again: listens, delivers what was held, no trap, no delay.</summary>
    public void Resume()
    {
        _trap = null;
        Delay = TimeSpan.Zero;
        _requests.Open();
        _replies.Open();
        Listen();
    }

    /// <summary>
    /// Once <paramref name="requestBytes"/> more bytes of one connection's requests have passed, resets that client before a reply. The task
    /// ends when the server has read them all and closed its side: what they asked for is done.
    /// </summary>
    public Task CutAfter(long requestBytes) => Set(ProxyTrap.After(requestBytes));

    /// <summary>As <see cref="CutAfter(long)"/>, with the piece of the requests that holds <paramref name="marker"/>.</summary>
    public Task CutAfter(string marker) => Set(ProxyTrap.After(marker));

    /// <summary>Resets the client whose requests hold <paramref name="marker"/>, in a piece that the server never gets.</summary>
    public Task CutBefore(string marker) => Set(ProxyTrap.Before(marker));

    /// <summary>Ends with the next connection.</summary>
    public Task NextConnectionAsync(CancellationToken stop = default)
    {
        lock (_gate) return _accepted.Task.WaitAsync(stop);
    }

    /// <summary>Ends all of it; a second time changes nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        Refuse();
        await _ending.CancelAsync();
        CutAll();
        await _accepting;
        Task[] running;
        lock (_gate) running = [.. _open.Values];
        await Task.WhenAll(running);
    }

    internal Gate GateOf(ProxyDirection direction) => direction == ProxyDirection.Request ? _requests : _replies;

    internal void Disarm(ProxyTrap trap) => Interlocked.CompareExchange(ref _trap, null, trap);

    private Task Set(ProxyTrap trap)
    {
        _trap = trap;
        return trap.Sprung;
    }

    private void Listen()
    {
        lock (_gate)
        {
            if (_listener is not null) return;
            _listener = new(IPAddress.Loopback, Port);
            _listener.Start();
            _accepting = AcceptAsync(_listener, _accepting);
        }
    }

    private async Task AcceptAsync(TcpListener listener, Task before)
    {
        await before;
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync(_ending.Token);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
            {
                return;   // refused from now on
            }

            Take(client);
        }
    }

    private void Take(Socket client)
    {
        var connection = new ProxyConnection(this, client, _clock);
        lock (_gate)
        {
            _open[connection] = RunAsync(connection);
            Accepted++;
            _accepted.TrySetResult();
            _accepted = NewSignal();
        }
    }

    private async Task RunAsync(ProxyConnection connection)
    {
        await Task.Yield();
        try
        {
            await connection.RunAsync(_target, _ending.Token);
        }
        finally
        {
            lock (_gate) _open.Remove(connection);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
