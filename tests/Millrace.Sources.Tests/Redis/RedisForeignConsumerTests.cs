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
    public async Task What_others_have_in_hand_is_counted_and_for_a_while_what_was_taken_over()
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync(options =>
        {
            options.ForeignConsumerTimeout = TimeSpan.FromSeconds(1);
            options.CommandTimeout = TimeSpan.FromSeconds(1);
        });
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        Assert.Equal(0, await store.CountForeignAsync(RedisLab.Queue, Stop));
        await store.EnqueueAsync(RedisLab.Jobs(3), Stop);
        await lab.ReadPlainAsync("plain", 2);
        var ours = await source.TakeAsync();
        Assert.Equal(2, await store.CountForeignAsync(RedisLab.Queue, Stop));

        var back = await source.TakeAsync(2);
        Assert.Equal(1, await store.CountForeignAsync(RedisLab.Queue, Stop));
        await source.SettleAllAsync(Outcome.Completed, [ours, .. back]);

        await lab.Server.StopAsync();
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await store.CountForeignAsync(RedisLab.Queue, Stop))).Code);
        await lab.Server.StartAsync(Stop);
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
