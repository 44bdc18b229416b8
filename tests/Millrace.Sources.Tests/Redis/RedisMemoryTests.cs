using Millrace.Outcomes;
using Millrace.Redis;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>No memory left (maxmemory with noeviction): publishers are refused, workers go on.</summary>
public sealed class RedisMemoryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None, FreeEntries.Delete, 0)]
    [InlineData(Order.PerKey, FreeEntries.Trim, 0)]
    [InlineData(Order.PerKey, FreeEntries.Delete, 10)]
    public async Task Without_memory_publishers_are_refused_and_workers_drain_until_there_is_some_again(Order order, FreeEntries free, int retained)
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync(options => (options.Free, options.Retention) = (free, new() { MaxCount = retained }));
        await store.EnqueueAsync([.. Enumerable.Range(0, 40).Select(n => RedisLab.Job(new string('x', 10_000) + n, $"k{n % 3}"))], Stop);
        await using var source = store.OpenSource(RedisLab.Options(order));
        var held = await source.TakeAsync(10);
        await lab.Server.ConfigureAsync("maxmemory", "1mb");

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync(RedisLab.Jobs(1), Stop));
        Assert.Equal("DB006", refused.Code);
        Assert.Contains(RedisLab.Queue, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("DB006", await store.CheckAsync(Stop), StringComparison.Ordinal);

        Assert.Empty(await source.RenewAsync(held, Stop));
        foreach (var delivery in held) await source.MarkRunningAsync(delivery);
        await source.SettleAllAsync(Outcome.Completed, held[..4]);
        await source.SettleAllAsync(Outcome.Retry(TimeSpan.FromSeconds(1), "later"), held[4]);
        await source.SettleAllAsync(Outcome.Dead("bad"), held[5]);
        await source.SettleAllAsync(Outcome.Released, held[6..]);
        await store.AdvanceAsync(RedisLab.Lease * 2);
        // Another one takes over what the first held, and what is due.
        await using var heir = store.OpenSource(RedisLab.Options(order));
        List<Delivery> rest = [];
        while (rest.Count < 35)
        {
            var got = await heir.FetchAsync(new(10), Stop);
            foreach (var delivery in got) await heir.MarkRunningAsync(delivery);
            rest.AddRange(got);
            await heir.SettleAllAsync(Outcome.Completed, got);
        }

        Assert.Equal(35, rest.DistinctBy(delivery => delivery.Id).Count());
        Assert.Equal(1, await store.DiscardAsync(new(), "test", Stop));
        await lab.Server.ConfigureAsync("maxmemory", "0");
        await heir.NothingElseAsync(store);
        Assert.Null(await store.CheckAsync(Stop));
        Assert.Equal(new(0, 0, 0, 0, null), await store.CountAsync(RedisLab.Queue, Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_suspect_is_handed_to_its_handler_although_its_mark_cannot_be_written()
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
        await store.OpenSource(RedisLab.Options()).TakeAsync();
        await store.AdvanceAsync(RedisLab.Lease * 2);
        await using var heir = store.OpenSource(RedisLab.Options());
        var suspect = await heir.TakeAsync();
        await lab.Server.ConfigureAsync("maxmemory", "1mb");
        await heir.MarkRunningAsync(suspect);
        heir.MarkDone(suspect);
        await heir.SettleAllAsync(Outcome.Completed, suspect);
    }
}
