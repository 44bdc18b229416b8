using Millrace.Outcomes;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>Owners that die, their ledgers, and several stores on one file.</summary>
public sealed class SqliteRescueTests : IAsyncDisposable
{
    private static readonly SourceOptions Options = new() { Queue = "q" };

    private readonly TempStore _temp = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string[] Ledgers => Directory.GetFiles(_temp.Folder, "*-running-*");

    public ValueTask DisposeAsync() => _temp.DisposeAsync();

    [Fact]
    public async Task A_ledger_lives_as_long_as_its_owner()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        Assert.Empty(Ledgers);
        await using (var source = store.OpenSource(Options))
        {
            await source.FetchAsync(new(1), Stop);
            Assert.Single(Ledgers);
        }

        Assert.Empty(Ledgers);
        Assert.Equal(0, _temp.Count("owners"));
    }

    [Fact]
    public async Task Another_process_counts_a_crash_for_what_ran_and_removes_the_ledger()
    {
        var dying = await _temp.OpenAsync();
        var living = await _temp.OpenAsync();
        await dying.EnqueueAsync([TempStore.Job("ran"), TempStore.Job("waited")], Stop);
        var doomed = dying.OpenSource(Options);
        await doomed.MarkRunningAsync((await doomed.FetchAsync(new(2), Stop))[0]);
        _temp.ElapseLeases();

        await using var heir = living.OpenSource(Options);
        var back = await heir.FetchAsync(new(2), Stop);
        Assert.Equal([("ran", 1), ("waited", 0)], back.Select(delivery => (TempStore.Text(delivery), delivery.Crashes)));
        Assert.Single(Ledgers);
        await doomed.DisposeAsync();
        Assert.Single(Ledgers);
        Assert.Equal(2, (await living.CountAsync("q", Stop)).Leased);
    }

    [Fact]
    public async Task Without_its_ledger_a_dead_owner_counts_no_crash()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        var doomed = store.OpenSource(Options);
        await doomed.MarkRunningAsync((await doomed.FetchAsync(new(1), Stop))[0]);
        File.Delete(Assert.Single(Ledgers));
        _temp.ElapseLeases();
        await using var heir = store.OpenSource(Options);
        Assert.Equal(0, Assert.Single(await heir.FetchAsync(new(1), Stop)).Crashes);
        await doomed.DisposeAsync();
    }

    [Fact]
    public async Task A_ledger_that_nobody_owns_is_swept_away_at_open()
    {
        await (await _temp.OpenAsync()).DisposeAsync();
        await File.WriteAllBytesAsync(_temp.Path + "-running-77", new byte[16], Stop);
        await _temp.OpenAsync();
        Assert.Empty(Ledgers);
    }

    [Fact]
    public async Task More_than_a_ledger_holds_runs_unnoted()
    {
        var store = await _temp.OpenAsync();
        const int many = (1 << 14) + 100;
        await store.EnqueueAsync([.. Enumerable.Range(0, many).Select(_ => TempStore.Job(""))], Stop);
        await using var source = store.OpenSource(Options);
        var all = await source.FetchAsync(new(many), Stop);
        foreach (var delivery in all) await source.MarkRunningAsync(delivery);
        foreach (var delivery in all) source.MarkDone(delivery);
        Assert.All(await File.ReadAllBytesAsync(Assert.Single(Ledgers), Stop), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task A_source_whose_owner_was_lost_goes_on_as_another()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempStore.Job("a"), TempStore.Job("b")], Stop);
        await using var source = store.OpenSource(Options);
        await using var other = store.OpenSource(Options);
        var lost = Assert.Single(await source.FetchAsync(new(1), Stop));
        _temp.ElapseLeases();
        await other.FetchAsync(new(1), Stop);
        Assert.Single(await source.RenewAsync([lost], Stop));
        await source.MarkRunningAsync(lost);
        source.MarkDone(lost);

        var next = Assert.Single(await source.FetchAsync(new(1), Stop));
        Assert.Equal("b", TempStore.Text(next));
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
            await here.EnqueueAsync([TempStore.Job($"{i}")], Stop);
            var delivery = Assert.Single(await fetch);
            Assert.Equal($"{i}", TempStore.Text(delivery));
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
                foreach (var result in await store.EnqueueAsync([TempStore.Job("a"), TempStore.Job("b")], Stop))
                    Assert.True(seen.Add(result.Id));
            await using (var source = one.OpenSource(Options))
                await source.SettleAsync([.. (await source.FetchAsync(new(100), Stop)).Select(delivery => new Settlements.Settlement(delivery, Outcome.Completed))], Stop);
            await one.DisposeAsync();
            await two.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_parked_key_with_a_long_tail_is_walked_over_once()
    {
        var store = await _temp.OpenAsync();
        await using var source = store.OpenSource(Options with { Order = Order.PerKey });
        await store.EnqueueAsync([TempStore.Job("head", "k")], Stop);
        await source.SettleAsync([new((await source.FetchAsync(new(1), Stop))[0], Outcome.Retry(TimeSpan.FromHours(1), "later"))], Stop);
        await store.EnqueueAsync([.. Enumerable.Range(0, 25_000).Select(i => TempStore.Job($"{i}", "k")), TempStore.Job("free")], Stop);

        Assert.Equal("free", TempStore.Text(Assert.Single(await source.FetchAsync(new(10), Stop))));
        Assert.Equal(25_000L, _temp.Execute("SELECT count(*) FROM jobs WHERE state = 4"));
        Assert.Equal(25_000, (await store.CountAsync("q", Stop)).Waiting);

        _temp.ElapseDelays();
        var first = await source.FetchAsync(new(1_000), Stop);
        Assert.Equal(["head", .. Enumerable.Range(0, first.Count - 1).Select(i => $"{i}")], first.Select(TempStore.Text));
        var next = first.Count - 1;
        await source.SettleAsync([.. first.Select(delivery => new Settlements.Settlement(delivery, Outcome.Completed))], Stop);
        while (next < 25_000)
        {
            var batch = await source.FetchAsync(new(1_000), Stop);
            Assert.All(batch, delivery => Assert.Equal($"{next++}", TempStore.Text(delivery)));
            await source.SettleAsync([.. batch.Select(delivery => new Settlements.Settlement(delivery, Outcome.Completed))], Stop);
        }

        Assert.Equal(1, (await store.CountAsync("q", Stop)).Leased);
    }
}
