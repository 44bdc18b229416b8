using Millrace.Outcomes;
using Millrace.Redis;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Somebody destroys the group, the stream or everything under running sources.</summary>
public sealed class RedisGroupTests
{
    private static readonly Outcome s_later = Outcome.Retry(TimeSpan.FromSeconds(60), "later");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(FreeEntries.Delete, Order.None, false)]
    [InlineData(FreeEntries.Delete, Order.PerKey, false)]
    [InlineData(FreeEntries.Delete, Order.PerKey, true)]
    [InlineData(FreeEntries.Trim, Order.None, false)]
    [InlineData(FreeEntries.Trim, Order.PerKey, false)]
    public async Task A_group_that_is_made_again_skips_nothing_and_repeats_nothing_that_left_the_stream(FreeEntries free, Order order, bool withAnotherGroup)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => options.Free = free);
        await using var source = store.OpenSource(RedisLab.Options(order));
        await store.EnqueueAsync([.. ((string[])["done", "parked", "dead", "released", "claimed", "unread"]).Select(body => RedisLab.Job(body, body))], Stop);
        if (withAnotherGroup) await lab.ExecuteAsync("XGROUP", "CREATE", lab.Stream, "other", "0");
        var claimed = await source.TakeAsync(5);
        if (withAnotherGroup) await lab.ExecuteAsync("XDEL", lab.Stream, RedisLab.Entry(claimed[0]));
        await source.SettleAllAsync(Outcome.Completed, claimed[0]);
        await store.PruneAsync(Stop);
        await source.SettleAllAsync(s_later, claimed[1]);
        await source.SettleAllAsync(Outcome.Dead("bad"), claimed[2]);
        await source.SettleAllAsync(Outcome.Released, claimed[3]);

        await lab.ExecuteAsync("XGROUP", "DESTROY", lab.Stream, "millrace");

        var back = await source.TakeAsync(3);
        Assert.Equal(["claimed", "released", "unread"], RedisLab.Texts(back).Order());
        await source.SettleAllAsync(Outcome.Completed, back);
        await source.NothingElseAsync(store);
        await store.AdvanceAsync(TimeSpan.FromSeconds(61));
        var parked = await source.TakeAsync();
        Assert.Equal(("parked", 2), (RedisLab.Text(parked), parked.Attempt));
        await source.SettleAllAsync(Outcome.Completed, parked);
        await source.NothingElseAsync(store);
        Assert.Equal(new(0, 0, 0, 1, null), await store.CountAsync(RedisLab.Queue, Stop));
        Assert.All((await lab.ConsumersAsync()).Values, pending => Assert.Equal(0, pending));

        await store.RequeueAsync(new(), "test", Stop);
        Assert.Equal("dead", RedisLab.Text(await source.TakeAsync()));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_finished_job_that_is_still_in_the_stream_of_a_group_made_again_is_over()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => (options.Free, options.Retention) = (FreeEntries.Trim, new() { MaxCount = 10 }));
        await using var source = store.OpenSource(RedisLab.Options());
        await store.EnqueueAsync(RedisLab.Jobs(3), Stop);
        var claimed = await source.TakeAsync(3);
        // The first is still in hand, so that nothing behind it is freed.
        await source.SettleAllAsync(Outcome.Completed, claimed[1]);
        await lab.ExecuteAsync("XGROUP", "DESTROY", lab.Stream, "millrace");
        var back = await source.TakeAsync(2);
        Assert.Equal(["0", "2"], RedisLab.Texts(back));
        await source.SettleAllAsync(Outcome.Completed, back);
        await source.NothingElseAsync(store);
        Assert.Equal(JobState.Succeeded, (await store.FindAsync(claimed[1].Id, Stop))?.State);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_fetch_that_waits_notices_that_its_group_is_gone()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        for (var round = 0; round < 3; round++)
        {
            var fetch = source.FetchAsync(new(1), Stop).AsTask();
            await lab.ExecuteAsync(round == 1 ? ["DEL", lab.Stream] : ["XGROUP", "DESTROY", lab.Stream, "millrace"]);
            await store.EnqueueAsync([RedisLab.Job($"{round}")], Stop);
            var got = await fetch;
            Assert.Equal([$"{round}"], RedisLab.Texts(got));
            await source.SettleAllAsync(Outcome.Completed, got);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task With_its_stream_deleted_a_queue_keeps_what_holds_its_own_message_and_says_what_is_lost(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(order));
        await store.EnqueueAsync([.. ((string[])["parked", "dead", "released", "claimed"]).Select(body => RedisLab.Job(body, body))], Stop);
        var claimed = await source.TakeAsync(4);
        await source.SettleAllAsync(s_later, claimed[0]);
        await source.SettleAllAsync(Outcome.Dead("bad"), claimed[1]);
        await source.SettleAllAsync(Outcome.Released, claimed[2]);

        await lab.ExecuteAsync("DEL", lab.Stream);

        await source.NothingElseAsync(store);
        Assert.Equal(claimed[3], Assert.Single(await source.RenewAsync([claimed[3]], Stop)).Delivery);
        Assert.Single(await source.TrySettleAsync(s_later, claimed[3]));
        Assert.Contains(RedisLab.Entry(claimed[2]), Assert.Single(lab.Logged.Of(5003)), StringComparison.Ordinal);
        await store.AdvanceAsync(TimeSpan.FromSeconds(61));
        Assert.Equal("parked", RedisLab.Text(await source.TakeAsync()));
        Assert.Equal("bad", (await store.ListDeadLettersAsync(new(), Stop).SingleAsync(Stop)).Reason);
        await store.EnqueueAsync([RedisLab.Job("next", "released"), RedisLab.Job("next", "claimed")], Stop);
        Assert.Equal(["next", "next"], RedisLab.Texts(await source.TakeAsync(2)));
    }

    [Fact(Timeout = 120_000)]
    public async Task With_everything_flushed_sources_go_on_each_under_a_name_of_its_own()
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync();
        await using var one = store.OpenSource(RedisLab.Options());
        await using var two = store.OpenSource(RedisLab.Options());
        await store.EnqueueAsync(RedisLab.Jobs(2), Stop);
        Source[] sources = [one, two];
        foreach (var source in sources) await source.TakeAsync();

        await lab.ExecuteAsync("FLUSHALL");

        await store.EnqueueAsync(RedisLab.Jobs(2), Stop);
        // The other way round than before: who is first to come gets the first name.
        var second = await two.TakeAsync();
        var first = await one.TakeAsync();
        Assert.Equal([1, 1], (await lab.ConsumersAsync()).Values);
        await two.SettleAllAsync(s_later, second);
        await one.SettleAllAsync(Outcome.Dead("bad"), first);
        Assert.Equal(new(0, 1, 0, 1, null), await store.CountAsync(RedisLab.Queue, Stop));

        await store.PruneAsync(Stop);
        var other = await lab.OpenAsync();
        Assert.Equal("bad", (await other.ListDeadLettersAsync(new(), Stop).SingleAsync(Stop)).Reason);
        Assert.NotEmpty(lab.Logged.Of(5010));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_waits_is_counted_when_the_server_has_lost_count()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(3_000), Stop);
        await lab.ExecuteAsync("XGROUP", "CREATE", lab.Stream, "millrace", "0");
        var ids = await lab.ReadPlainAsync("plain", 1_500);
        await lab.ExecuteAsync(["XACK", lab.Stream, "millrace", .. ids.Skip(100)]);
        // As after a restart: the group's place is known, how many entries lie before it is not.
        await lab.ExecuteAsync("XGROUP", "SETID", lab.Stream, "millrace", ids[^1]);

        var counts = await store.CountAsync(RedisLab.Queue, Stop);
        Assert.Equal((1_500, 100), (counts.Waiting, counts.Leased));
    }
}
