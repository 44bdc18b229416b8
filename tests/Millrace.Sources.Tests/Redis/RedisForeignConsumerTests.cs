using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A consumer that is none of ours (plain XREADGROUP and XACK) shares the group: before, beside and after us.</summary>
public sealed class RedisForeignConsumerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task What_a_plain_consumer_left_pending_is_taken_over_after_its_silence_and_what_it_finished_is_not(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => options.ForeignConsumerTimeout = TimeSpan.FromSeconds(1));
        await using var source = store.OpenSource(RedisLab.Options(order));
        await source.NothingElseAsync(store);
        await store.EnqueueAsync(RedisLab.Jobs(4, keys: 2), Stop);
        var plain = await lab.ReadPlainAsync("plain", 2);
        await lab.ExecuteAsync("XACK", lab.Stream, "millrace", plain[0]);

        // Alive or not: nobody knows yet. The rest is ours.
        var ours = await source.TakeAsync(2);
        Assert.Equal(["2", "3"], RedisLab.Texts(ours));
        await source.SettleAllAsync(Outcome.Completed, ours);
        var back = await source.TakeAsync();
        Assert.Equal(("1", 1, 0), (RedisLab.Text(back), back.Attempt, back.Crashes));
        await source.SettleAllAsync(Outcome.Completed, back);
        await source.NothingElseAsync(store);
        // Its name is its own affair.
        Assert.Equal(0, (await lab.ConsumersAsync())["plain"]);
    }

    [FullLaneFact(Timeout = 120_000)]
    public async Task What_comes_behind_a_message_in_a_plain_consumers_hands_is_found()
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync(options => options.CommandTimeout = TimeSpan.FromSeconds(1));
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        // Keys 0, 1, 2, 0, 1, 2.
        await store.EnqueueAsync(RedisLab.Jobs(6, keys: 3), Stop);
        var first = await source.TakeAsync();
        Assert.Empty(await FindAsync([first]));
        var plain = await lab.ReadPlainAsync("plain", 1);
        var rest = await source.TakeAsync(4);

        Assert.Equal([3], await FindAsync([first, .. rest[..3]]));
        await lab.ExecuteAsync("XACK", lab.Stream, "millrace", plain[0]);
        Assert.Empty(await FindAsync(rest));

        // What was taken over from a dead one, 0 and 2, comes back after what we read meanwhile: 3, 4 and 5 with the keys 0, 1 and 2.
        await lab.ExecuteAsync("XCLAIM", lab.Stream, "millrace", "plain", "0", RedisLab.Entry(first));
        await lab.ExecuteAsync("XCLAIM", lab.Stream, "millrace", "plain", "0", RedisLab.Entry(rest[0]), "IDLE", "1500");
        var hasty = await lab.OpenAsync(options => options.ForeignConsumerTimeout = TimeSpan.FromSeconds(1));
        await using var rescuer = hasty.OpenSource(RedisLab.Options());
        var back = await rescuer.TakeAsync(2);
        Assert.Equal([0, 2], await FindAsync(rest[1..]));
        await rescuer.SettleAllAsync(Outcome.Completed, back);
        Assert.Empty(await FindAsync(rest[1..]));
        await source.SettleAllAsync(Outcome.Completed, rest[1..]);

        await lab.Server.StopAsync();
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(() => FindAsync(rest))).Code);
        await lab.Server.StartAsync(Stop);

        async Task<IReadOnlyList<int>> FindAsync(IReadOnlyList<Delivery> deliveries) => await store.FindBehindForeignAsync(RedisLab.Queue, deliveries, Stop);
    }

    [Fact(Timeout = 120_000)]
    public async Task All_are_behind_when_a_plain_consumer_has_more_than_a_thousand()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        await store.EnqueueAsync(RedisLab.Jobs(1_003), Stop);
        await lab.ReadPlainAsync("plain", 1_000);
        var ours = await source.TakeAsync(2);
        Assert.Empty(await store.FindBehindForeignAsync(RedisLab.Queue, ours, Stop));
        await lab.ReadPlainAsync("plain", 1);

        // Nothing that comes later counts.
        Assert.Empty(await store.FindBehindForeignAsync(RedisLab.Queue, ours, Stop));
        await lab.ExecuteAsync("XCLAIM", lab.Stream, "millrace", "plain", "0", RedisLab.Entry(ours[0]));
        Assert.Equal([0], await store.FindBehindForeignAsync(RedisLab.Queue, ours[1..], Stop));
        await Assert.ThrowsAsync<ArgumentException>(async () => await store.FindBehindForeignAsync(RedisLab.Queue, [new Delivery("7") { Queue = RedisLab.Queue }], Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_plain_consumer_that_reads_now_and_then_keeps_what_it_holds()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => options.ForeignConsumerTimeout = TimeSpan.FromHours(1));
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
        Assert.Single(await lab.ReadPlainAsync("plain", 1));
        await store.AdvanceAsync(TimeSpan.FromHours(2));
        await source.NothingElseAsync(store);
        Assert.Equal(1, (await lab.ConsumersAsync())["plain"]);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task What_we_give_back_a_plain_consumer_can_claim_and_then_we_leave_it_alone(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(6, keys: 2), Stop);
        await using (var leaving = store.OpenSource(RedisLab.Options(order)))
        {
            var held = await leaving.TakeAsync(4);
            await leaving.SettleAllAsync(Outcome.Released, held[..2]);
        }

        // A rollback to what ran here before: all it needs to know is the group.
        Assert.Equal(4, (await lab.ConsumersAsync())[RedisLab.Pool]);
        var claimed = (object?[])((object?[])(await lab.ExecuteAsync("XAUTOCLAIM", lab.Stream, "millrace", "plain", "0", "0", "COUNT", "100"))!)[1]!;
        var ids = claimed.Select(entry => (string)((object?[])entry!)[0]!).ToArray();
        Assert.Equal(4, ids.Length);

        await using var source = store.OpenSource(RedisLab.Options(order));
        var ours = await source.TakeAsync(2);
        Assert.Equal(["4", "5"], RedisLab.Texts(ours));
        await source.SettleAllAsync(Outcome.Completed, ours);
        await source.NothingElseAsync(store);
        Assert.Equal(4, (await lab.ConsumersAsync())["plain"]);
        await lab.ExecuteAsync(["XACK", lab.Stream, "millrace", .. ids]);
        await store.PruneAsync(Stop);
        Assert.Equal(0, await lab.LengthAsync());
        Assert.Empty(lab.Logged.Of(5003));

        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 2), Stop);
        Assert.Equal(2, (await source.TakeAsync(2)).Count);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_key_goes_on_when_a_plain_consumer_takes_what_its_owner_held()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 1), Stop);
        var doomed = store.OpenSource(RedisLab.Options(Order.PerKey));
        var held = await doomed.TakeAsync();
        await lab.ExecuteAsync("XCLAIM", lab.Stream, "millrace", "plain", "0", RedisLab.Entry(held));
        await lab.ExecuteAsync("XACK", lab.Stream, "millrace", RedisLab.Entry(held));
        await store.AdvanceAsync(RedisLab.Lease * 2);
        await using var heir = store.OpenSource(RedisLab.Options(Order.PerKey));
        Assert.Equal("1", RedisLab.Text(await heir.TakeAsync()));
    }
}
