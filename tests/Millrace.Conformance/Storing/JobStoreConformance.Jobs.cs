using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Storing;

public abstract partial class JobStoreConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_store_is_well_once_open() => Assert.Null(await Store.CheckAsync(Stop));

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_job_can_be_followed_through_its_life()
    {
        var id = await Harness.EnqueueAsync(Harness.Job("a", "key") with { Kind = "kind", Tenant = "tenant" }, Stop);
        var waiting = await Store.FindAsync(id, Stop);
        Assert.Equal((id, JobState.Waiting, "kind", "key", "tenant", 0), (waiting!.Id, waiting.State, waiting.Kind, waiting.Key, waiting.Tenant, waiting.Attempts));
        Assert.Equal((Harness.Queue, null, null), (waiting.Queue, waiting.DueAt, waiting.FinishedAt));

        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        var leased = await Store.FindAsync(id, Stop);
        Assert.Equal((JobState.Leased, delivery.Token), (leased!.State, leased.Token));

        await source.WriteAsync(delivery, Outcome.Retry(TimeSpan.FromSeconds(10), "not yet"), Stop);
        var delayed = await Store.FindAsync(id, Stop);
        Assert.Equal((JobState.Delayed, 1, "not yet"), (delayed!.State, delayed.Attempts, Assert.Single(delayed.Errors).Reason));
        Assert.NotNull(delayed.DueAt);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Completed, Stop);
        var done = await Store.FindAsync(id, Stop);
        Assert.Equal(JobState.Succeeded, done!.State);
        Assert.NotNull(done.FinishedAt);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_newest_20_errors_are_kept()
    {
        var id = await Harness.EnqueueAsync(Harness.Job("a"), Stop);
        await using var source = Harness.Open();
        for (var attempt = 1; attempt <= 25; attempt++)
            await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Retry(TimeSpan.Zero, $"reason {attempt}"), Stop);
        var job = await Store.FindAsync(id, Stop);
        Assert.Equal(25, job!.Attempts);
        Assert.Equal(Enumerable.Range(6, 20).Select(attempt => (attempt, $"reason {attempt}")), job.Errors.Select(error => (error.Attempt, error.Reason)));
    }

    [Theory(Timeout = SourceHarness.Guard)]
    [InlineData("0")]
    [InlineData("999999999")]
    [InlineData("-1")]
    [InlineData("no-number")]
    [InlineData("99999999999999999999999999")]
    [InlineData("1 or 1=1")]
    public async Task An_unknown_id_is_found_nowhere(string id)
    {
        Assert.Null(await Store.FindAsync(id, Stop));
        Assert.Null(await Store.CancelAsync(id, "suite", Stop));
        Assert.Empty(await Store.RequeueAsync(new DeadLetterFilter { Ids = [id] }, "suite", Stop));
        Assert.Equal(0, await Store.DiscardAsync(new DeadLetterFilter { Ids = [id] }, "suite", Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Counts_tell_the_states_apart()
    {
        Assert.Equal(new QueueCounts(), await Store.CountAsync(Harness.Queue, Stop));
        await BuryAsync(Harness.Job("dead"));
        await Store.EnqueueAsync([Harness.Job("leased"), Harness.Job("waiting"), Harness.Job("waiting"), Harness.Job("delayed") with { Delay = TimeSpan.FromMinutes(1) }], Stop);
        await using var source = Harness.Open();
        await source.TakeAsync(Stop);
        var counts = await Store.CountAsync(Harness.Queue, Stop);
        Assert.Equal((2, 1, 1, 1), (counts.Waiting, counts.Delayed, counts.Leased, counts.Dead));
        Assert.NotNull(counts.OldestWaiting);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Cancelling_a_waiting_or_delayed_job_ends_it_at_once()
    {
        var waiting = await Harness.EnqueueAsync(Harness.Job("waiting"), Stop);
        var delayed = await Harness.EnqueueAsync(Harness.Job("delayed") with { Delay = TimeSpan.FromSeconds(10) }, Stop);
        Assert.Equal(JobState.Waiting, await Store.CancelAsync(waiting, "suite", Stop));
        Assert.Equal(JobState.Delayed, await Store.CancelAsync(delayed, "suite", Stop));
        Assert.Equal(JobState.Cancelled, (await Store.FindAsync(waiting, Stop))!.State);
        Assert.Equal(JobState.Cancelled, await Store.CancelAsync(waiting, "suite", Stop));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        await using var source = Harness.Open();
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Cancelling_a_leased_job_reaches_its_worker_when_it_renews()
    {
        var id = await Harness.EnqueueAsync(Harness.Job("a"), Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal(JobState.Leased, await Store.CancelAsync(id, "suite", Stop));
        Assert.Equal([new LostClaim(delivery, Cancelled: true)], await source.RenewAsync([delivery], Stop));
        await source.WriteAsync(delivery, Outcome.Cancelled, Stop);
        Assert.Equal(JobState.Cancelled, (await Store.FindAsync(id, Stop))!.State);
    }

    [Theory(Timeout = SourceHarness.Guard)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_cancelled_job_never_runs_again_however_its_worker_lets_go_of_it(int way)
    {
        var id = await Harness.EnqueueAsync(Harness.Job("a"), Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        await Store.CancelAsync(id, "suite", Stop);
        if (way == 0) await source.WriteAsync(delivery, Outcome.Released, Stop);
        else if (way == 1) await source.WriteAsync(delivery, Outcome.Retry(TimeSpan.FromSeconds(1), "failed"), Stop);
        else if (way == 2) await source.WriteAsync(delivery, Outcome.Snoozed(TimeSpan.FromSeconds(1)), Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await using var heir = Harness.Open();
        await Harness.NothingElseAsync(heir, Stop);
        Assert.Equal(JobState.Cancelled, (await Store.FindAsync(id, Stop))!.State);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Cancelling_a_parked_head_opens_its_key()
    {
        var head = await Harness.EnqueueAsync(Harness.Job("a1", "a"), Stop);
        await Harness.EnqueueAsync(Harness.Job("a2", "a"), Stop);
        await using var source = Harness.Open(Order.PerKey);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Retry(TimeSpan.FromSeconds(10), "later"), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Store.CancelAsync(head, "suite", Stop);
        Assert.Equal("a2", (await source.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Pruning_removes_finished_jobs_by_count()
    {
        var ids = (await Store.EnqueueAsync([.. Enumerable.Range(0, 8).Select(n => Harness.Job($"{n}"))], Stop)).Select(result => result.Id).ToArray();
        await using var source = Harness.Open();
        foreach (var delivery in await source.TakeAsync(8, Stop)) await source.WriteAsync(delivery, Outcome.Completed, Stop);
        await Store.PruneAsync(Stop);
        for (var n = 0; n < 8; n++) Assert.Equal(n >= 8 - JobStoreHarness.Retention.MaxCount, await Store.FindAsync(ids[n], Stop) is not null);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Pruning_removes_finished_jobs_by_age_and_nothing_that_still_counts()
    {
        var dead = Assert.Single(await BuryAsync(Harness.Job("dead")));
        var done = await Harness.EnqueueAsync(Harness.Job("done"), Stop);
        var waiting = await Harness.EnqueueAsync(Harness.Job("waiting"), Stop);
        var delayed = await Harness.EnqueueAsync(Harness.Job("delayed") with { Delay = TimeSpan.FromDays(1) }, Stop);
        await using var source = Harness.Open();
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Completed, Stop);
        Assert.Equal(0, await Store.PruneAsync(Stop));
        await Harness.AdvanceAsync(JobStoreHarness.Retention.MaxAge + TimeSpan.FromSeconds(1), Stop);
        Assert.Equal(1, await Store.PruneAsync(Stop));
        Assert.Null(await Store.FindAsync(done, Stop));
        Assert.Equal(JobState.Waiting, (await Store.FindAsync(waiting, Stop))!.State);
        Assert.Equal(JobState.Delayed, (await Store.FindAsync(delayed, Stop))!.State);
        Assert.Equal(JobState.Dead, (await Store.FindAsync(dead, Stop))!.State);
        Assert.Equal(["dead"], await ListAsync(new DeadLetterFilter()));
    }
}
