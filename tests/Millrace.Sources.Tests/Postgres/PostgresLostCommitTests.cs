using Millrace.Outcomes;
using Millrace.Postgres;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>The connection breaks at the commit: whether it happened is looked up, so that everything happens once and is reported as it was.</summary>
public sealed class PostgresLostCommitTests : IAsyncLifetime
{
    private TempSchema _temp = null!;
    private CommitCutter _cutter = null!;
    private PostgresStore _store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var server = await PostgresServers.GetAsync();
        _temp = new TempSchema(server);
        _cutter = new CommitCutter(server.Port);
        _store = await _temp.OpenAsync(options => options.ConnectionString = $"{_temp.ConnectionString};Port={_cutter.Port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _temp.DisposeAsync();
        await _cutter.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_publish_is_stored_once(bool happened)
    {
        Cut(happened);
        var results = await _store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b") with { DeduplicationId = "once" }], Stop);
        Assert.DoesNotContain(results, result => result.Duplicate);
        Assert.Equal(1, _cutter.Cuts);
        Assert.Equal(2, (await _store.CountAsync("q", Stop)).Waiting);
        Assert.All(results, result => Assert.NotNull(_temp.ExecuteAsync($"SELECT id FROM jobs WHERE id = {result.Id}").Result));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_claim_is_handed_out(bool happened)
    {
        await _store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b")], Stop);
        await using var source = _store.OpenSource(new() { Queue = "q" });
        Cut(happened);
        var claimed = await source.FetchAsync(new(2), Stop);
        Assert.Equal(["a", "b"], claimed.Select(TempSchema.Text));
        Assert.Equal(1, _cutter.Cuts);
        Assert.Equal(1, await _temp.CountAsync("owners"));
        Assert.Empty(await source.SettleAsync([.. claimed.Select(delivery => new Settlements.Settlement(delivery, Outcome.Completed))], Stop));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_settlement_is_written_once_and_not_refused(bool happened)
    {
        await _store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b"), TempSchema.Job("c")], Stop);
        await using var source = _store.OpenSource(new() { Queue = "q" });
        var claimed = await source.FetchAsync(new(3), Stop);
        await source.SettleAsync([new(claimed[2], Outcome.Completed)], Stop);
        Cut(happened);
        var refused = await source.SettleAsync([new(claimed[0], Outcome.Completed), new(claimed[1], Outcome.Retry(TimeSpan.FromHours(1), "later")), new(claimed[2], Outcome.Completed)], Stop);
        Assert.Equal([claimed[2]], refused.Select(settlement => settlement.Delivery));
        Assert.Equal(1, _cutter.Cuts);
        Assert.Equal(JobState.Succeeded, (await _store.FindAsync(claimed[0].Id, Stop))!.State);
        Assert.Equal(1, (await _store.FindAsync(claimed[1].Id, Stop))!.Attempts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_action_leaves_one_audit_entry(bool happened)
    {
        Cut(happened);
        await _store.AuditAsync("ann", "export", "q", null, Stop);
        Assert.Equal(1, _cutter.Cuts);
        Assert.Single(await _store.ListAuditAsync(10, Stop));
    }

    private void Cut(bool after)
    {
        if (after) _cutter.CutAfter();
        else _cutter.CutBefore();
    }
}
