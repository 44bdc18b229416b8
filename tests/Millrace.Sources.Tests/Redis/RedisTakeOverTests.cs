using Millrace.Outcomes;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Consumers that die, those that are only slow, and what becomes of their names. The lease is the heartbeat.</summary>
public sealed class RedisTakeOverTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task What_a_dead_consumer_held_is_taken_over_within_twice_its_heartbeat(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var (dying, living) = (await lab.OpenAsync(), await lab.OpenAsync());
        await dying.EnqueueAsync(RedisLab.Jobs(20, keys: 5), Stop);
        await dying.OpenSource(RedisLab.Options(order)).TakeAsync(20);
        var name = Assert.Single(await lab.ConsumersAsync()).Key;

        await using var heir = living.OpenSource(RedisLab.Options(order));
        await living.AdvanceAsync(RedisLab.Lease * 2);
        var back = await heir.TakeAsync(20);
        Assert.All(back, delivery => Assert.Equal((1, 2), (delivery.Attempt, delivery.Token)));
        Assert.Equal(20, RedisLab.Texts(back).Distinct().Count());
        Assert.DoesNotContain(name, (await lab.ConsumersAsync()).Keys);
        Assert.Single(lab.Logged.Of(5004));
    }

    [Fact(Timeout = 120_000)]
    public async Task Whoever_waits_takes_over_by_itself_when_the_lease_is_over()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
        // Of this one nothing is heard any more; time is the server's.
        await store.OpenSource(RedisLab.Options(lease: TimeSpan.FromMilliseconds(300))).TakeAsync();
        await using var heir = store.OpenSource(RedisLab.Options());
        Assert.Equal(2, (await heir.TakeAsync()).Token);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_consumer_that_is_slow_and_alive_keeps_what_it_holds()
    {
        await using var lab = await RedisLab.ShareAsync();
        var (slow, quick) = (await lab.OpenAsync(), await lab.OpenAsync());
        await slow.EnqueueAsync(RedisLab.Jobs(3), Stop);
        await using var slowSource = slow.OpenSource(RedisLab.Options());
        await using var quickSource = quick.OpenSource(RedisLab.Options());
        var held = await slowSource.TakeAsync(3);
        for (var beat = 0; beat < 5; beat++)
        {
            await slow.AdvanceAsync(RedisLab.Lease * 0.9);
            await quick.AdvanceAsync(RedisLab.Lease * 0.9);
            Assert.Empty(await slowSource.RenewAsync(held, Stop));
            await quickSource.NothingElseAsync(quick);
        }

        await slowSource.SettleAllAsync(Outcome.Completed, held);
        Assert.Equal(0, await lab.LengthAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_dead_consumer_keeps_its_name_until_nothing_is_pending_under_it_and_its_claims_are_over_at_once()
    {
        const int many = 2_500;
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(many), Stop);
        var doomed = store.OpenSource(RedisLab.Options());
        var held = await doomed.TakeAsync(many);
        var name = Assert.Single(await lab.ConsumersAsync()).Key;
        await store.AdvanceAsync(RedisLab.Lease * 2);

        // One look takes back a thousand at most.
        await using var heir = store.OpenSource(RedisLab.Options());
        var taken = await heir.TakeAsync();
        Assert.Equal(many - 1_000, (await lab.ConsumersAsync())[name]);
        // Half taken over it is dead altogether, and no settlement of its writes past the heir.
        Assert.Equal(many, (await doomed.RenewAsync(held, Stop)).Count);
        Assert.Equal([taken.Id], (await doomed.TrySettleAsync(Outcome.Completed, held.First(delivery => delivery.Id == taken.Id))).Select(refused => refused.Delivery.Id));
        await heir.SettleAllAsync(Outcome.Retry(TimeSpan.FromHours(1), "later"), taken);

        var rest = await heir.TakeAsync(many - 1);
        Assert.DoesNotContain(name, (await lab.ConsumersAsync()).Keys);
        Assert.Equal(rest.Count, rest.DistinctBy(delivery => delivery.Id).Count());
        await heir.SettleAllAsync(Outcome.Completed, rest);
        await store.AdvanceAsync(TimeSpan.FromHours(1));
        var last = await heir.TakeAsync();
        Assert.Equal(("0", 2), (RedisLab.Text(last), last.Attempt));
        await heir.SettleAllAsync(Outcome.Completed, last);
        Assert.Equal(new(0, 0, 0, 0, null), await store.CountAsync(RedisLab.Queue, Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task Keys_wait_until_all_of_a_dead_consumer_is_taken_over_and_keep_their_order()
    {
        const int many = 2_500;
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(many, keys: 7), Stop);
        await store.OpenSource(RedisLab.Options(Order.PerKey)).TakeAsync(many);
        await store.AdvanceAsync(RedisLab.Lease * 2);
        await store.EnqueueAsync(RedisLab.Jobs(100, keys: 7, from: many), Stop);

        await using var one = store.OpenSource(RedisLab.Options(Order.PerKey));
        await using var two = store.OpenSource(RedisLab.Options(Order.PerKey));
        List<string> seen = [];
        while (seen.Count < many + 100)
            foreach (var source in (Source[])[one, two])
            {
                if (seen.Count == many + 100) break;
                var got = await source.FetchAsync(new(50), Stop);
                seen.AddRange(RedisLab.Texts(got));
                await source.SettleAllAsync(Outcome.Completed, got);
            }

        foreach (var key in seen.Select(text => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)).GroupBy(n => n % 7))
            Assert.Equal(key.Order(), key);
        Assert.Equal(many + 100, seen.Distinct().Count());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_source_that_closes_leaves_neither_name_nor_keys_behind()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(10, keys: 3), Stop);
        await using (var source = store.OpenSource(RedisLab.Options(Order.PerKey)))
        {
            var held = await source.TakeAsync(10);
            await source.MarkRunningAsync(held[0]);
            await source.SettleAllAsync(Outcome.Completed, held[..4]);
        }

        Assert.Equal(new Dictionary<string, long> { [RedisLab.Pool] = 6 }, await lab.ConsumersAsync());
        Assert.DoesNotContain(await lab.KeysAsync(), key => key.StartsWith("owners", StringComparison.Ordinal) || key.StartsWith("claims:", StringComparison.Ordinal) || key.StartsWith("settled:", StringComparison.Ordinal));
        await using (var source = store.OpenSource(RedisLab.Options(Order.PerKey)))
        {
            var rest = await source.TakeAsync(6);
            Assert.Equal(["4", "5", "6", "7", "8", "9"], RedisLab.Texts(rest).Order());
            await source.SettleAllAsync(Outcome.Completed, rest);
        }

        Assert.Equal(["counts", "wake"], (await lab.KeysAsync()).Where(key => key != "looked"));
    }
}
