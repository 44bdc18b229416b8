using System.Security.Cryptography;
using Millrace.Outcomes;
using Millrace.Postgres;
using Millrace.Settlements;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Owners that die, what they noted as running, and several stores on one schema.</summary>
public sealed class PostgresRescueTests : IAsyncLifetime
{
    private static readonly SourceOptions Options = new() { Queue = "q" };
    private static readonly TimeSpan s_beyondLease = TimeSpan.FromSeconds(31);

    private TempSchema _temp = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _temp = new TempSchema(await PostgresServers.GetAsync());

    public ValueTask DisposeAsync() => _temp.DisposeAsync();

    [Fact]
    public async Task An_owner_lives_from_the_first_claim_until_its_source_is_closed()
    {
        var store = await _temp.OpenAsync();
        await using (var source = store.OpenSource(Options))
        {
            Assert.Equal(0, await _temp.CountAsync("owners"));
            await store.EnqueueAsync([TempSchema.Job("a")], Stop);
            await source.FetchAsync(new(1), Stop);
            Assert.Equal(1, await _temp.CountAsync("owners"));
        }

        Assert.Equal(0, await _temp.CountAsync("owners"));
    }

    [Fact]
    public async Task Another_process_counts_a_crash_for_what_ran()
    {
        var dying = await _temp.OpenAsync();
        var living = await _temp.OpenAsync();
        await dying.EnqueueAsync([TempSchema.Job("ran"), TempSchema.Job("waited")], Stop);
        var doomed = (PostgresSource)dying.OpenSource(Options);
        await doomed.MarkRunningAsync((await doomed.FetchAsync(new(2), Stop))[0]);
        await doomed.NotedAsync();
        await _temp.AdvanceAsync(s_beyondLease);

        await using var heir = living.OpenSource(Options);
        var back = await heir.FetchAsync(new(2), Stop);
        Assert.Equal([("ran", 1), ("waited", 0)], back.Select(delivery => (TempSchema.Text(delivery), delivery.Crashes)));
        await doomed.DisposeAsync();
        Assert.Equal(2, (await living.CountAsync("q", Stop)).Leased);
    }

    [Fact]
    public async Task What_kills_faster_than_it_is_noted_is_counted_from_the_second_time_on()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("poison"), TempSchema.Job("innocent")], Stop);
        var first = store.OpenSource(Options);
        await first.FetchAsync(new(2), Stop);
        // Killed before anything was written: only that it held both is known.
        await _temp.AdvanceAsync(s_beyondLease);

        var second = store.OpenSource(Options);
        var claimed = await second.FetchAsync(new(2), Stop);
        Assert.All(claimed, delivery => Assert.Equal(0, delivery.Crashes));
        await second.MarkRunningAsync(claimed[0]);
        // No waiting here: it is written when the call returns.
        Assert.Equal(claimed[0].Number, await _temp.ExecuteAsync("SELECT running[1] FROM owners"));
        await _temp.AdvanceAsync(s_beyondLease);

        await using var third = store.OpenSource(Options);
        var back = await third.FetchAsync(new(2), Stop);
        Assert.Equal([("poison", 1), ("innocent", 0)], back.Select(delivery => (TempSchema.Text(delivery), delivery.Crashes)));
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task An_attempt_that_ends_clears_the_suspicion()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        var doomed = store.OpenSource(Options);
        await doomed.FetchAsync(new(1), Stop);
        await _temp.AdvanceAsync(s_beyondLease);
        await using var heir = store.OpenSource(Options);
        await heir.SettleAsync([new((await heir.FetchAsync(new(1), Stop))[0], Outcome.Released)], Stop);
        Assert.Equal(1, await _temp.ExecuteAsync("SELECT suspects FROM jobs"));
        await heir.SettleAsync([new((await heir.FetchAsync(new(1), Stop))[0], Outcome.Retry(TimeSpan.Zero, "failed"))], Stop);
        Assert.Equal(0, await _temp.ExecuteAsync("SELECT suspects FROM jobs"));
        await doomed.DisposeAsync();
    }

    [Fact]
    public async Task A_source_whose_owner_was_lost_goes_on_as_another()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b")], Stop);
        await using var source = store.OpenSource(Options);
        await using var other = store.OpenSource(Options);
        var lost = Assert.Single(await source.FetchAsync(new(1), Stop));
        await _temp.AdvanceAsync(s_beyondLease);
        await other.FetchAsync(new(1), Stop);
        Assert.Single(await source.RenewAsync([lost], Stop));
        await source.MarkRunningAsync(lost);
        source.MarkDone(lost);

        var next = Assert.Single(await source.FetchAsync(new(1), Stop));
        Assert.Equal("b", TempSchema.Text(next));
        Assert.Empty(await source.RenewAsync([next], Stop));
        Assert.Single(await source.SettleAsync([new(lost, Outcome.Completed)], Stop));
        Assert.Empty(await source.SettleAsync([new(next, Outcome.Completed)], Stop));
    }

    [Fact]
    public async Task A_waiting_fetch_in_another_process_hears_of_a_publish()
    {
        var here = await _temp.OpenAsync();
        var there = await _temp.OpenAsync();
        await using var source = there.OpenSource(Options);
        for (var i = 0; i < 5; i++)
        {
            var fetch = source.FetchAsync(new(1), Stop).AsTask();
            await here.EnqueueAsync([TempSchema.Job($"{i}")], Stop);
            var delivery = Assert.Single(await fetch);
            Assert.Equal($"{i}", TempSchema.Text(delivery));
            await source.SettleAsync([new(delivery, Outcome.Completed)], Stop);
        }
    }

    [Fact]
    public async Task Ids_are_given_once_over_all_processes_and_restarts()
    {
        var seen = new HashSet<string>();
        for (var round = 0; round < 3; round++)
        {
            var one = await _temp.OpenAsync();
            var two = await _temp.OpenAsync();
            foreach (var store in new[] { one, two, one, two })
                foreach (var result in await store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b")], Stop))
                    Assert.True(seen.Add(result.Id));
            await using (var source = one.OpenSource(Options))
                await CompleteAsync(source, await source.FetchAsync(new(100), Stop));
            await one.DisposeAsync();
            await two.DisposeAsync();
        }
    }

    [FullLaneFact]
    public async Task A_parked_key_with_a_long_tail_is_walked_over_once()
    {
        const int many = 5_000;
        var store = await _temp.OpenAsync();
        await using var source = store.OpenSource(Options with { Order = Order.PerKey });
        await store.EnqueueAsync([TempSchema.Job("head", "k")], Stop);
        await source.SettleAsync([new((await source.FetchAsync(new(1), Stop))[0], Outcome.Retry(TimeSpan.FromHours(1), "later"))], Stop);
        await store.EnqueueAsync([.. Enumerable.Range(0, many).Select(i => TempSchema.Job($"{i}", "k")), TempSchema.Job("free")], Stop);

        Assert.Equal("free", TempSchema.Text(Assert.Single(await source.FetchAsync(new(10), Stop))));
        Assert.Equal(many, (await store.CountAsync("q", Stop)).Waiting);
        Assert.Equal((long)many, await _temp.ExecuteAsync("SELECT count(*) FROM jobs WHERE state = 4"));

        await _temp.ExecuteAsync("UPDATE jobs SET due_at = clock() WHERE due_at IS NOT NULL");
        var first = await source.FetchAsync(new(1_000), Stop);
        Assert.Equal(["head", .. Enumerable.Range(0, first.Count - 1).Select(i => $"{i}")], first.Select(TempSchema.Text));
        var next = first.Count - 1;
        await CompleteAsync(source, first);
        while (next < many)
        {
            var batch = await source.FetchAsync(new(1_000), Stop);
            Assert.All(batch, delivery => Assert.Equal($"{next++}", TempSchema.Text(delivery)));
            await CompleteAsync(source, batch);
        }

        Assert.Equal(1, (await store.CountAsync("q", Stop)).Leased);
    }

    [Fact]
    public async Task A_key_that_no_compression_shortens_is_kept_in_order()
    {
        // Longer than an entry of an index can be.
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(2_048));
        var store = await _temp.OpenAsync();
        await using var source = store.OpenSource(Options with { Order = Order.PerKey, DeadHead = DeadHeadPolicy.Hold });
        await store.EnqueueAsync([TempSchema.Job("1", key), TempSchema.Job("2", key), TempSchema.Job("3", key[..^1] + "x")], Stop);
        var claimed = await source.FetchAsync(new(1), Stop);
        await source.SettleAsync([new(claimed[0], Outcome.Dead("bad"))], Stop);
        Assert.Equal("3", TempSchema.Text(Assert.Single(await source.FetchAsync(new(10), Stop))));
        Assert.Single(await store.RequeueAsync(new() { Key = key }, "ann", Stop));
        Assert.Equal(["1", "2"], (await source.FetchAsync(new(10), Stop)).Select(TempSchema.Text));
    }

    private static ValueTask<IReadOnlyList<Settlement>> CompleteAsync(Source source, IReadOnlyList<Delivery> deliveries) =>
        source.SettleAsync([.. deliveries.Select(delivery => new Settlement(delivery, Outcome.Completed))], Stop);
}
