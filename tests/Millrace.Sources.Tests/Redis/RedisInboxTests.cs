using Millrace.Handling;
using Millrace.Redis;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Effect and record in one Redis transaction, and records alone.</summary>
public sealed class RedisInboxTests : IAsyncLifetime
{
    private readonly string _prefix = $"{{t{Guid.NewGuid():N}}}:";
    private ConnectionMultiplexer? _connection;
    private RedisServer? _server;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IDatabase Database => _connection!.GetDatabase();

    private RedisInbox Inbox => new(Database, TimeSpan.FromHours(1), _prefix);

    public async ValueTask InitializeAsync()
    {
        _server = (await SharedServers.RedisAsync())[0];
        _connection = await ConnectionMultiplexer.ConnectAsync(_server.Address);
    }

    public ValueTask DisposeAsync() => _connection!.DisposeAsync();

    [Fact(Timeout = 60_000)]
    public async Task An_effect_happens_once_however_often_it_is_delivered()
    {
        Assert.False(await Inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.True(await HandleAsync(Inbox, "worker", "1"));
        Assert.False(await HandleAsync(Inbox, "worker", "1"));
        Assert.True(await Inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.Equal(1, (long)await Database.StringGetAsync(_prefix + "effects"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_many_at_once_one_writes_its_effect()
    {
        for (var round = 0; round < 20; round++)
        {
            var id = $"{round}";
            var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => HandleAsync(Inbox, "worker", id), Stop)));
            Assert.Single(written, first => first);
        }

        Assert.Equal(20, (long)await Database.StringGetAsync(_prefix + "effects"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_transaction_that_is_not_executed_leaves_neither_effect_nor_record()
    {
        var transaction = Inbox.Begin(Context("worker", "1"));
        _ = transaction.StringIncrementAsync(_prefix + "effects");
        Assert.False(await Inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.True(await HandleAsync(Inbox, "worker", "1"));
        Assert.Equal(1, (long)await Database.StringGetAsync(_prefix + "effects"));
    }

    [Fact(Timeout = 60_000)]
    public async Task When_the_answer_of_the_transaction_is_lost_the_effect_is_there_once_and_the_record_tells_it()
    {
        await using var proxy = TcpProxy.Start(_server!.Port);
        await using var through = await ConnectionMultiplexer.ConnectAsync(proxy.Address);
        var inbox = new RedisInbox(through.GetDatabase(), TimeSpan.FromHours(1), _prefix);
        var cut = proxy.CutAfter("EXEC");
        await Assert.ThrowsAnyAsync<RedisException>(() => HandleAsync(inbox, "worker", "1"));
        await cut.WaitAsync(Stop);
        Assert.False(await HandleAsync(Inbox, "worker", "1"));
        Assert.Equal(1, (long)await Database.StringGetAsync(_prefix + "effects"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Recorded_by_itself_a_delivery_is_recorded_once()
    {
        Assert.True(await Inbox.TryRecordAsync(Context("worker", "1")));
        Assert.False(await Inbox.TryRecordAsync(Context("worker", "1")));
        Assert.False(await HandleAsync(Inbox, "worker", "1"));
        Assert.True(await Inbox.ContainsAsync("worker", Delivery("1"), Stop));
    }

    [Fact(Timeout = 60_000)]
    public async Task Workers_and_queues_are_told_apart()
    {
        Assert.True(await HandleAsync(Inbox, "one", "1"));
        Assert.True(await HandleAsync(Inbox, "two", "1"));
        Assert.True(await Inbox.TryRecordAsync(Context("one", "1", "other")));
        Assert.False(await Inbox.ContainsAsync("two", Delivery("1", "other"), Stop));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_record_is_kept_as_long_as_was_asked_for()
    {
        var inbox = new RedisInbox(Database, TimeSpan.FromDays(3), _prefix);
        await HandleAsync(inbox, "worker", "1");
        await inbox.TryRecordAsync(Context("worker", "2"));
        foreach (var id in (string[])["1", "2"])
            Assert.InRange((await Database.KeyTimeToLiveAsync($"{_prefix}worker:q:{id}"))!.Value, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RedisInbox(Database, TimeSpan.Zero));
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_cluster_record_and_effect_lie_in_the_slot_of_the_prefix()
    {
        var nodes = await SharedServers.ClusterAsync();
        await using var cluster = await ConnectionMultiplexer.ConnectAsync(string.Join(',', nodes.Select(node => node.Address)));
        var inbox = new RedisInbox(cluster.GetDatabase(), TimeSpan.FromHours(1), _prefix);
        Assert.True(await HandleAsync(inbox, "worker", "1"));
        Assert.False(await HandleAsync(inbox, "worker", "1"));
        Assert.True(await inbox.ContainsAsync("worker", Delivery("1"), Stop));
    }

    private async Task<bool> HandleAsync(RedisInbox inbox, string worker, string id)
    {
        var transaction = inbox.Begin(Context(worker, id));
        _ = transaction.StringIncrementAsync(_prefix + "effects");
        return await transaction.ExecuteAsync();
    }

    private static HandlerContext Context(string worker, string id, string queue = "q") => new(Delivery(id, queue), worker);

    private static Delivery Delivery(string id, string queue = "q") => new(id) { Queue = queue };
}
