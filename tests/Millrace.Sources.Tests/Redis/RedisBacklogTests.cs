using Millrace.Outcomes;
using Millrace.Redis;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Room: publishers are held back instead of anything unread being trimmed, and only what every group is done with is freed.</summary>
public sealed class RedisBacklogTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(FreeEntries.Delete)]
    [InlineData(FreeEntries.Trim)]
    public async Task A_full_stream_refuses_and_trims_nothing(FreeEntries free)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => (options.MaxBacklog, options.WhenFull, options.Free) = (5, FullStream.Refuse, free));
        await store.EnqueueAsync(RedisLab.Jobs(4), Stop);
        Assert.Equal("SRC002", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync(RedisLab.Jobs(2, from: 4), Stop))).Code);
        await store.EnqueueAsync(RedisLab.Jobs(1, from: 4), Stop);
        Assert.Equal("SRC002", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync(RedisLab.Jobs(1), Stop))).Code);

        await using var source = store.OpenSource(RedisLab.Options());
        var held = await source.TakeAsync(5);
        Assert.Equal(["0", "1", "2", "3", "4"], RedisLab.Texts(held));
        // Claimed is not finished.
        Assert.Equal("SRC002", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync(RedisLab.Jobs(1), Stop))).Code);
        await source.SettleAllAsync(Outcome.Completed, held[1]);
        await store.EnqueueAsync(RedisLab.Jobs(1, from: 5), Stop);
        await source.SettleAllAsync(Outcome.Completed, [held[0], .. held[2..], await source.TakeAsync()]);
        await source.NothingElseAsync(store);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_full_stream_lets_a_publisher_wait_until_there_is_room()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => options.MaxBacklog = 3);
        await store.EnqueueAsync(RedisLab.Jobs(3), Stop);
        var waiting = store.EnqueueAsync(RedisLab.Jobs(1, from: 3), Stop).AsTask();
        await lab.Logged.SaidAsync(5008);
        Assert.False(waiting.IsCompleted);
        await using var source = store.OpenSource(RedisLab.Options());
        await source.SettleAllAsync(Outcome.Completed, await source.TakeAsync());
        await waiting;
        Assert.Equal(["1", "2", "3"], RedisLab.Texts(await source.TakeAsync(3)));
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var given = store.EnqueueAsync(RedisLab.Jobs(1), impatient.Token).AsTask();
        await lab.Logged.SaidAsync(5008, 2);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        Assert.Equal(3, await lab.LengthAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task More_at_once_than_a_stream_may_hold_goes_in_as_room_is_made_or_is_refused_whole()
    {
        await using var lab = await RedisLab.ShareAsync();
        var refusing = await lab.OpenAsync(options => (options.MaxBacklog, options.WhenFull) = (600, FullStream.Refuse));
        Assert.Equal("SRC002", (await Assert.ThrowsAsync<StoreException>(async () => await refusing.EnqueueAsync(RedisLab.Jobs(601), Stop))).Code);
        Assert.Equal(0, await lab.LengthAsync());
        await refusing.EnqueueAsync(RedisLab.Jobs(550), Stop);
        Assert.Equal(550, await lab.LengthAsync());
        await lab.ExecuteAsync("DEL", lab.Stream);

        var store = await lab.OpenAsync(options => options.MaxBacklog = 10);
        var publishing = store.EnqueueAsync(RedisLab.Jobs(95), Stop).AsTask();
        await using var source = store.OpenSource(RedisLab.Options());
        for (var next = 0; next < 95;)
        {
            var got = await source.FetchAsync(new(100), Stop);
            Assert.InRange(got.Count, 1, 10);
            Assert.All(got, delivery => Assert.Equal($"{next++}", RedisLab.Text(delivery)));
            await source.SettleAllAsync(Outcome.Completed, got);
        }

        Assert.Equal(95, (await publishing).DistinctBy(result => result.Id).Count());
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task What_is_finished_behind_a_slow_delivery_is_no_backlog(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => (options.MaxBacklog, options.WhenFull, options.Free) = (3, FullStream.Refuse, FreeEntries.Trim));
        await using var source = store.OpenSource(RedisLab.Options(order));
        await store.EnqueueAsync([RedisLab.Job("slow", "slow")], Stop);
        var slow = await source.TakeAsync();
        for (var n = 0; n < 10; n++)
        {
            await store.EnqueueAsync(RedisLab.Jobs(2, keys: 2), Stop);
            await source.SettleAllAsync(Outcome.Completed, await source.TakeAsync(2));
        }

        Assert.Equal(21, await lab.LengthAsync());
        await source.SettleAllAsync(Outcome.Completed, slow);
        await store.PruneAsync(Stop);
        Assert.Equal(0, await lab.LengthAsync());
    }

    [Theory(Timeout = 120_000)]
    [InlineData(FreeEntries.Delete)]
    [InlineData(FreeEntries.Trim)]
    public async Task Nothing_is_freed_that_the_slowest_group_has_not_finished(FreeEntries free)
    {
        await using var lab = await RedisLab.ShareAsync();
        var quick = await lab.OpenAsync(options => options.Free = free);
        var slow = await lab.OpenAsync(options => (options.Free, options.Group) = (free, "slow"));
        await quick.EnqueueAsync(RedisLab.Jobs(10), Stop);
        await lab.ExecuteAsync("XGROUP", "CREATE", lab.Stream, "plain", "0");
        await using var quickSource = quick.OpenSource(RedisLab.Options());
        await using var slowSource = slow.OpenSource(RedisLab.Options());
        var first = await slowSource.TakeAsync(4);
        await quickSource.SettleAllAsync(Outcome.Completed, await quickSource.TakeAsync(10));
        await quick.PruneAsync(Stop);
        Assert.Equal(10, await lab.LengthAsync());

        // A retry keeps its own copy; a dead letter too.
        await slowSource.SettleAllAsync(Outcome.Retry(TimeSpan.FromSeconds(10), "later"), first[0]);
        await slowSource.SettleAllAsync(Outcome.Dead("bad"), first[1]);
        await slowSource.SettleAllAsync(Outcome.Completed, first[2]);
        await slow.PruneAsync(Stop);
        Assert.Equal(10, await lab.LengthAsync());
        Assert.Equal(10, (await lab.ReadPlainAsync("p", 100, "plain")).Length);
        await lab.ExecuteAsync(["XACK", lab.Stream, "plain", .. (await lab.ReadIdsAsync()).Take(9)]);
        await slow.PruneAsync(Stop);
        Assert.Equal(7, await lab.LengthAsync());

        Assert.Equal(["4", "5", "6", "7", "8", "9"], RedisLab.Texts(await slowSource.TakeAsync(6)));
        await slow.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("0", RedisLab.Text(await slowSource.TakeAsync()));
    }
}
