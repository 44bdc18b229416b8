using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;

namespace Millrace.Sources.Tests.Servers;

/// <summary>The proxy does to a connection what the network can do, and nothing else.</summary>
public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly ArmedClock _clock = new();
    private readonly StubServer _stub;

    public TcpProxyTests() => _stub = new(_clock);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _stub.DisposeAsync();

    [Fact]
    public async Task Bytes_and_the_end_of_a_stream_pass_both_ways()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        await StubServer.SendAsync(client, new string('q', 300_000), Stop);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(300_000, (await StubServer.ReadToEndAsync(server, Stop)).Length);

        await StubServer.SendAsync(server, new string('r', 300_000), Stop);
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(300_000, (await StubServer.ReadToEndAsync(client, Stop)).Length);
    }

    [Fact]
    public async Task A_cut_resets_both_sides_and_a_new_connection_works()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        _stub.Proxy.CutAll();
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(client, Stop));
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(server, Stop));

        await AssertEchoAsync();
    }

    [Fact]
    public async Task It_refuses_new_connections_while_open_ones_go_on_and_comes_back_on_the_same_port()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        _stub.Proxy.Refuse();
        var refused = await Assert.ThrowsAsync<SocketException>(async () => await _stub.ConnectAsync(Stop));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await StubServer.SendAsync(client, "on", Stop);
        Assert.Equal("on", await StubServer.ReadAsync(server, 2, Stop));

        _stub.Proxy.Resume();
        await AssertEchoAsync();
    }

    [Fact]
    public async Task A_black_hole_for_replies_lets_the_server_act_and_delivers_afterwards()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        _stub.Proxy.BlackHole(global::Servers.ProxyDirection.Reply);
        await StubServer.SendAsync(client, "ask", Stop);
        Assert.Equal("ask", await StubServer.ReadAsync(server, 3, Stop));
        await StubServer.SendAsync(server, "done", Stop);
        var reply = StubServer.ReadAsync(client, 4, Stop);
        await AssertPassesTheOtherWayAsync(client, server);
        Assert.False(reply.IsCompleted);

        _stub.Proxy.Resume();
        Assert.Equal("done", await reply);
    }

    [Fact]
    public async Task A_black_hole_for_requests_holds_them_until_the_network_is_back()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        _stub.Proxy.BlackHole(global::Servers.ProxyDirection.Request);
        await StubServer.SendAsync(client, "ask", Stop);
        var request = StubServer.ReadAsync(server, 3, Stop);
        await StubServer.SendAsync(server, "hello", Stop);
        Assert.Equal("hello", await StubServer.ReadAsync(client, 5, Stop));
        Assert.False(request.IsCompleted);

        _stub.Proxy.Resume();
        Assert.Equal("ask", await request);
    }

    [Fact]
    public async Task A_delay_holds_each_piece_for_its_time()
    {
        _stub.Proxy.Delay = TimeSpan.FromSeconds(5);
        var (client, server) = await _stub.ConnectAsync(Stop);
        await StubServer.SendAsync(client, "late", Stop);
        var request = StubServer.ReadAsync(server, 4, Stop);
        await _clock.Armed.WaitAsync(Stop);
        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(request.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("late", await request);
    }

    [Fact]
    public async Task Cut_after_so_many_bytes_the_server_has_exactly_those_and_the_client_has_no_reply()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        await StubServer.SendAsync(client, "before", Stop);
        Assert.Equal("before", await StubServer.ReadAsync(server, 6, Stop));

        var cut = _stub.Proxy.CutAfter(5);
        await StubServer.SendAsync(client, "12345678", Stop);
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(client, Stop));
        Assert.Equal("12345", await StubServer.ReadToEndAsync(server, Stop));
        Assert.False(cut.IsCompleted);
        await StubServer.SendAsync(server, "never seen", Stop);
        server.Close();
        await cut.WaitAsync(Stop);

        await AssertEchoAsync();
    }

    [Fact]
    public async Task Cut_after_a_marker_the_server_has_it_even_if_it_came_in_two_pieces()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        var cut = _stub.Proxy.CutAfter("COMMIT");
        await StubServer.SendAsync(client, "one;COM", Stop);
        Assert.Equal("one;COM", await StubServer.ReadAsync(server, 7, Stop));
        await StubServer.SendAsync(client, "MIT;", Stop);
        Assert.Equal("MIT;", await StubServer.ReadToEndAsync(server, Stop));
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(client, Stop));
        server.Close();
        await cut.WaitAsync(Stop);
    }

    [Fact]
    public async Task Cut_before_a_marker_the_server_never_has_it()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        var cut = _stub.Proxy.CutBefore("COMMIT");
        await StubServer.SendAsync(client, "one;", Stop);
        Assert.Equal("one;", await StubServer.ReadAsync(server, 4, Stop));
        await StubServer.SendAsync(client, "COMMIT;", Stop);
        Assert.Equal("", await StubServer.ReadToEndAsync(server, Stop));
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(client, Stop));
        server.Close();
        await cut.WaitAsync(Stop);
    }

    [Fact]
    public async Task It_ends_with_connections_open_held_and_full()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        var other = await _stub.ConnectAsync(Stop);
        _stub.Proxy.BlackHole();
        var flood = client.SendAsync(new byte[64 * 1024 * 1024], Stop).AsTask();
        await StubServer.SendAsync(other.Client, "held", Stop);
        Assert.Equal(2, _stub.Proxy.Connections);

        await _stub.Proxy.DisposeAsync();
        Assert.Equal(0, _stub.Proxy.Connections);
        await Assert.ThrowsAsync<SocketException>(async () => await flood);
        Assert.Equal(SocketError.ConnectionReset, await StubServer.AwaitResetAsync(server, Stop));
    }

    private async Task AssertEchoAsync()
    {
        var (client, server) = await _stub.ConnectAsync(Stop);
        await StubServer.SendAsync(client, "hi", Stop);
        Assert.Equal("hi", await StubServer.ReadAsync(server, 2, Stop));
        await StubServer.SendAsync(server, "ho", Stop);
        Assert.Equal("ho", await StubServer.ReadAsync(client, 2, Stop));
    }

    private static async Task AssertPassesTheOtherWayAsync(Socket client, Socket server)
    {
        await StubServer.SendAsync(client, "more", Stop);
        Assert.Equal("more", await StubServer.ReadAsync(server, 4, Stop));
    }

    /// <summary>Fake time that signals when somebody waits for it.</summary>
    private sealed class ArmedClock : FakeTimeProvider
    {
        private readonly TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Armed => _armed.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _armed.TrySetResult();
            return timer;
        }
    }
}
