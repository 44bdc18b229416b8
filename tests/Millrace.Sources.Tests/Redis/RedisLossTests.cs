using System.Diagnostics.Metrics;
using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Somebody else trims or deletes entries that are not finished: that cannot be prevented here, so it must not go unsaid, nor stop the rest.</summary>
public sealed class RedisLossTests : IDisposable
{
    private readonly MeterListener _meters = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _counted = new(StringComparer.Ordinal);

    public RedisLossTests()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Millrace.Redis", Name: "millrace.redis.lost" }) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags)
                lock (_gate)
                    _counted[(string)tag.Value!] = _counted.GetValueOrDefault((string)tag.Value!) + value;
        });
        _meters.Start();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _meters.Dispose();

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task Trimmed_over_pending_and_unread_entries_the_loss_is_told_when_they_are_claimed(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        var queue = $"lost{Guid.NewGuid():N}"[..20];
        var options = RedisLab.Options(order) with { Queue = queue };
        await store.EnqueueAsync([.. Enumerable.Range(1, 6).Select(n => RedisLab.Job($"{n}", "k") with { Queue = queue })], Stop);
        await store.OpenSource(options).TakeAsync(2);
        await lab.ExecuteAsync("XTRIM", lab.Prefix + queue, "MAXLEN", "1");

        var strict = lab.Make(options => options.Strict = true);
        Assert.Contains("4 entries are unread and only 1 are there", (await Assert.ThrowsAsync<StoreException>(async () => await strict.OpenAsync(Stop))).Message, StringComparison.Ordinal);
        await store.PruneAsync(Stop);
        Assert.Contains("4 entries are unread and only 1 are there", Assert.Single(lab.Logged.Of(5011)), StringComparison.Ordinal);

        await store.AdvanceAsync(RedisLab.Lease * 2);
        await using var heir = store.OpenSource(options);
        var left = await heir.TakeAsync();
        Assert.Equal("6", RedisLab.Text(left));
        await heir.SettleAllAsync(Outcome.Completed, left);

        Assert.Equal(2, lab.Logged.Of(5003).Length);
        Assert.Equal(2, Counted(queue));
        Assert.Equal(2, (await store.ListAuditAsync(100, Stop)).Count(entry => entry is { Actor: "millrace", Action: "lost" } && entry.Target.StartsWith(lab.Prefix + queue, StringComparison.Ordinal)));
        Assert.Equal(new(0, 0, 0, 0, null), await store.CountAsync(queue, Stop));
        // Nothing of them holds up their key.
        await store.EnqueueAsync([RedisLab.Job("7", "k") with { Queue = queue }], Stop);
        Assert.Equal("7", RedisLab.Text(await heir.TakeAsync()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Deleted_while_they_wait_in_the_pool_they_are_lost_too()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(3, keys: 1), Stop);
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        var held = await source.TakeAsync(3);
        await source.SettleAllAsync(Outcome.Released, held);
        await lab.ExecuteAsync("XDEL", lab.Stream, RedisLab.Entry(held[1]));
        Assert.Equal(["0", "2"], RedisLab.Texts(await source.TakeAsync(2)));
        Assert.Contains(RedisLab.Entry(held[1]), Assert.Single(lab.Logged.Of(5003)), StringComparison.Ordinal);
        await source.NothingElseAsync(store);
    }

    [Fact(Timeout = 120_000)]
    public async Task Deleted_before_their_source_closes_in_good_order_they_are_lost_as_well()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 1), Stop);
        await using (var source = store.OpenSource(RedisLab.Options(Order.PerKey)))
        {
            var held = await source.TakeAsync(2);
            await lab.ExecuteAsync("XDEL", lab.Stream, RedisLab.Entry(held[0]));
        }

        Assert.Single(lab.Logged.Of(5003));
        Assert.Single(await store.ListAuditAsync(100, Stop), entry => entry.Action == "lost");
        await using var next = store.OpenSource(RedisLab.Options(Order.PerKey));
        Assert.Equal("1", RedisLab.Text(await next.TakeAsync()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Deleted_while_a_handler_is_at_them_they_are_finished_all_the_same()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 1), Stop);
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        var held = await source.TakeAsync(2);
        await lab.ExecuteAsync("XTRIM", lab.Stream, "MAXLEN", "0");
        await source.SettleAllAsync(Outcome.Completed, held[0]);
        await source.SettleAllAsync(Outcome.Cancelled, held[1]);
        await source.NothingElseAsync(store);
        Assert.Empty(lab.Logged.Of(5003));
        Assert.Equal(new(0, 0, 0, 0, null), await store.CountAsync(RedisLab.Queue, Stop));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("retry")]
    [InlineData("dead")]
    [InlineData("released")]
    public async Task Deleted_while_a_handler_is_at_it_a_delivery_that_is_not_finished_is_lost_and_not_handed_out_empty(string outcome)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 1), Stop);
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        var held = await source.TakeAsync(2);
        await lab.ExecuteAsync("XDEL", lab.Stream, RedisLab.Entry(held[0]));
        await source.TrySettleAsync(outcome switch { "retry" => Outcome.Retry(TimeSpan.FromSeconds(1), "later"), "dead" => Outcome.Dead("bad"), _ => Outcome.Released }, held[0]);
        await source.SettleAllAsync(Outcome.Completed, held[1]);
        await store.AdvanceAsync(TimeSpan.FromSeconds(2));
        await source.NothingElseAsync(store);
        await store.EnqueueAsync([RedisLab.Job("next", "k0")], Stop);
        Assert.Equal("next", RedisLab.Text(await source.TakeAsync()));
        Assert.Contains(RedisLab.Entry(held[0]), Assert.Single(lab.Logged.Of(5003)), StringComparison.Ordinal);
        Assert.Empty(await store.ListDeadLettersAsync(new(), Stop).ToListAsync(Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task Cancelled_before_they_are_read_they_are_no_loss()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        foreach (var result in await store.EnqueueAsync(RedisLab.Jobs(3), Stop))
            Assert.Equal(JobState.Waiting, await store.CancelAsync(result.Id, "test", Stop));
        await store.PruneAsync(Stop);
        await source.NothingElseAsync(store);
        await store.PruneAsync(Stop);
        Assert.Empty(lab.Logged.All);
    }

    private long Counted(string queue)
    {
        lock (_gate) return _counted.GetValueOrDefault(queue);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_server_that_was_restarted_behind_a_rewritten_log_is_no_alarm_and_what_is_trimmed_then_is()
    {
        await using var lab = await RedisLab.StartAsync("--appendfsync", "always");
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(300), Stop);
        await using var source = store.OpenSource(RedisLab.Options());
        await source.SettleAllAsync(Outcome.Completed, await source.TakeAsync(100));
        await lab.ExecuteAsync("BGREWRITEAOF");
        while (((string)(await lab.ExecuteAsync("INFO", "persistence"))!).Contains("aof_rewrite_in_progress:1", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        await source.SettleAllAsync(Outcome.Completed, await source.TakeAsync(150));
        await store.PruneAsync(Stop);
        await lab.Server.StopAsync();
        await lab.Server.StartAsync(Stop);

        Assert.Equal(200, await LagAsync(lab));
        Assert.Empty((await lab.Make(options => options.Strict = true).OpenAsync(Stop)).Findings);
        Assert.Equal(50, await LagAsync(lab));
        await store.PruneAsync(Stop);
        Assert.Empty(lab.Logged.Of(5011));

        await lab.ExecuteAsync("XTRIM", lab.Stream, "MAXLEN", "1");
        await store.PruneAsync(Stop);
        Assert.Contains("50 entries are unread and only 1 are there", Assert.Single(lab.Logged.Of(5011)), StringComparison.Ordinal);
    }

    /// <summary>What the server says is unread.</summary>
    private static async Task<long> LagAsync(RedisLab lab)
    {
        var group = (object?[])((object?[])(await lab.ExecuteAsync("XINFO", "GROUPS", lab.Stream))!).Single()!;
        return (long)group[Array.IndexOf(group, "lag") + 1]!;
    }
}
