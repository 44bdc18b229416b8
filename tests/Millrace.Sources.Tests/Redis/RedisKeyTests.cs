using Millrace.Outcomes;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Order per key costs nothing while a queue has one owner, and holds from the moment it has two.</summary>
public sealed class RedisKeyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Nothing_is_kept_of_the_keys_of_whoever_is_alone()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(6, keys: 3), Stop);
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        var held = await source.TakeAsync(4);
        Assert.Equal(["0", "1", "2", "3"], RedisLab.Texts(held));
        Assert.Empty(await lab.KeysAsync("keys"));

        await source.SettleAllAsync(Outcome.Completed, held);
        await source.SettleAllAsync(Outcome.Completed, await source.TakeAsync(2));
        Assert.Empty(await lab.KeysAsync("keys"));
        Assert.Equal(0, await lab.LengthAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task What_one_took_while_alone_holds_its_keys_against_the_second()
    {
        await using var lab = await RedisLab.ShareAsync();
        var (one, other) = (await lab.OpenAsync(), await lab.OpenAsync());
        await using var first = one.OpenSource(RedisLab.Options(Order.PerKey));
        await using var second = other.OpenSource(RedisLab.Options(Order.PerKey));
        await one.EnqueueAsync([RedisLab.Job("a1", "a"), RedisLab.Job("b1", "b"), RedisLab.Job("c1", "c"), RedisLab.Job("a2", "a")], Stop);
        var held = await first.TakeAsync(4);
        // One of them has a record of its own from here on, and another key is closed by its retry.
        await first.SettleAllAsync(Outcome.Released, [held[1]]);
        held = [held[0], held[2], held[3], .. await first.TakeAsync(1)];
        await first.SettleAllAsync(Outcome.Retry(TimeSpan.FromMinutes(1), "later"), [held[1]]);
        await one.EnqueueAsync([RedisLab.Job("a3", "a"), RedisLab.Job("b2", "b"), RedisLab.Job("c2", "c"), RedisLab.Job("d1", "d")], Stop);

        Assert.Equal("d1", RedisLab.Text(await second.TakeAsync()));
        await second.NothingElseAsync(other);
        await first.SettleAllAsync(Outcome.Completed, [held[0]]);
        await second.NothingElseAsync(other);

        await first.SettleAllAsync(Outcome.Completed, [held[2], held[3]]);
        Assert.Equal(["a3", "b2"], RedisLab.Texts(await second.TakeAsync(2)));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_a_dead_one_took_while_alone_goes_out_before_what_follows_it()
    {
        await using var lab = await RedisLab.ShareAsync();
        var (dying, living) = (await lab.OpenAsync(), await lab.OpenAsync());
        await dying.EnqueueAsync(RedisLab.Jobs(3, keys: 1), Stop);
        await dying.OpenSource(RedisLab.Options(Order.PerKey)).TakeAsync(3);
        await dying.EnqueueAsync([.. RedisLab.Jobs(2, keys: 1, from: 3), RedisLab.Job("other", "other")], Stop);
        await using var heir = living.OpenSource(RedisLab.Options(Order.PerKey));
        Assert.Equal("other", RedisLab.Text(await heir.TakeAsync()));

        await living.AdvanceAsync(RedisLab.Lease * 2);
        Assert.Equal(["0", "1", "2", "3", "4"], RedisLab.Texts(await heir.TakeAsync(5)));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_read_of_many_takes_nothing_of_a_key_that_another_has()
    {
        await using var lab = await RedisLab.ShareAsync();
        var (one, other) = (await lab.OpenAsync(), await lab.OpenAsync());
        await one.EnqueueAsync(RedisLab.Jobs(1_501, keys: 1_501), Stop);
        await using var first = one.OpenSource(RedisLab.Options(Order.PerKey));
        await using var second = other.OpenSource(RedisLab.Options(Order.PerKey));
        await first.TakeAsync(1_000);
        await first.TakeAsync(500);
        var held = await second.TakeAsync();
        await one.EnqueueAsync([RedisLab.Job("behind", held.Key), .. RedisLab.Jobs(500, keys: 500, from: 2_000)], Stop);

        Assert.DoesNotContain("behind", RedisLab.Texts(await first.TakeAsync(500)));
        await second.SettleAllAsync(Outcome.Completed, held);
        Assert.Equal("behind", RedisLab.Text(await first.TakeAsync()));
    }

    [Fact(Timeout = 120_000)]
    public async Task Whoever_is_alone_reads_many_in_order_without_the_script()
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        var next = 0;
        // Only shortly after the script has looked: on a busy machine it takes more than one turn.
        while (await ExecutionsAsync(lab) == 0)
        {
            await store.EnqueueAsync(RedisLab.Jobs(1_500, keys: 50, from: next), Stop);
            for (var fetch = 0; fetch < 3; fetch++)
            {
                var got = await source.TakeAsync(500);
                Assert.Equal(Enumerable.Range(next, 500), got.Select(Number));
                next += 500;
                await source.SettleAllAsync(Outcome.Completed, got);
            }
        }

        // What was given back is not overtaken by what is new.
        await store.EnqueueAsync(RedisLab.Jobs(1_500, keys: 50, from: next), Stop);
        await source.SettleAllAsync(Outcome.Released, await source.TakeAsync(500));
        Assert.Equal(Enumerable.Range(next, 1_500), (await source.TakeAsync(1_500)).Select(Number));

        static int Number(Delivery delivery) => int.Parse(RedisLab.Text(delivery), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>How many transactions were carried out.</summary>
    private static async Task<int> ExecutionsAsync(RedisLab lab)
    {
        var stats = (string)(await lab.ExecuteAsync("INFO", "commandstats"))!;
        var found = System.Text.RegularExpressions.Regex.Match(stats, "cmdstat_exec:calls=([0-9]+)");
        return found.Success ? int.Parse(found.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
    }
}
