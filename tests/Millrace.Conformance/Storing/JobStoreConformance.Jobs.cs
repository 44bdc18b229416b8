using System.Text;
using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Storing;

public abstract partial class JobStoreConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_store_is_well_once_open() => Assert.Null(await Store.CheckAsync(Stop));

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Enqueueing_gives_each_job_its_own_id_in_order()
    {
        var results = await Store.EnqueueAsync([Harness.Job("a"), Harness.Job("b"), Harness.Job("c")], Stop);
        Assert.Equal(3, results.Select(result => result.Id).Distinct().Count());
        Assert.DoesNotContain(results, result => result.Duplicate);
        await using var source = Harness.Open();
        Assert.Equal(results.Select(result => result.Id), (await source.TakeAsync(3, Stop)).Select(delivery => delivery.Id));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_large_unit_keeps_what_each_of_its_jobs_says()
    {
        NewJob[] jobs = [.. Enumerable.Range(0, 203).Select(n => Harness.Job($"{n}".PadRight(n == 150 ? 40_000 : 1), n % 3 == 0 ? $"key {n}" : null) with
        {
            Kind = n % 4 == 0 ? $"kind-{n}" : "",
            Tenant = n % 5 == 0 ? $"tenant-{n}" : null,
            Headers = n % 7 == 0 ? new MessageHeaders([new("n", $"{n}")]) : MessageHeaders.Empty,
            DeduplicationId = n % 6 == 1 && n % 5 != 0 ? $"{n % 12}" : null,
            Delay = n % 8 == 2 ? TimeSpan.FromHours(n) : default,
        })];
        // Twice, with other neighbours, for stores that keep something from one statement to the next.
        foreach (var unit in new[] { jobs, jobs[5..] })
        {
            var results = await Store.EnqueueAsync(unit, Stop);
            var stored = unit.Zip(results).Where(pair => !pair.Second.Duplicate).ToLookup(pair => pair.First.Delay > TimeSpan.Zero);
            Assert.Equal(unit.Count(job => job.DeduplicationId is null), stored.Sum(group => group.Count()) - (unit == jobs ? 2 : 0));
            foreach (var (said, (id, _)) in stored[true])
            {
                var delayed = (await Store.FindAsync(id, Stop))!;
                Assert.Equal((JobState.Delayed, said.Kind, said.Key, said.Tenant), (delayed.State, delayed.Kind, delayed.Key, delayed.Tenant));
            }

            await using var source = Harness.Open();
            var taken = await source.TakeAsync(stored[false].Count(), Stop);
            Assert.Equal(
                stored[false].Select(pair => (pair.Second.Id, Said(pair.First))),
                taken.Select(delivery => (delivery.Id, (delivery.Text(), delivery.Kind, delivery.Key, delivery.Tenant, delivery.Headers.Get("n")))));
            foreach (var delivery in taken) await source.WriteAsync(delivery, Outcome.Completed, Stop);
        }

        static (string, string, string?, string?, string?) Said(NewJob job) => (Encoding.UTF8.GetString(job.Body.Span), job.Kind, job.Key, job.Tenant, job.Headers.Get("n"));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Enqueueing_nothing_is_nothing() => Assert.Empty(await Store.EnqueueAsync([], Stop));

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task One_refused_job_refuses_the_unit()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.EnqueueAsync([Harness.Job("good"), Harness.Job("bad") with { Queue = "../x" }], Stop));
        Assert.Equal(new QueueCounts(), await Store.CountAsync(Harness.Queue, Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Every_refusal_has_its_code()
    {
        (string Code, NewJob Job)[] refused =
        [
            ("CFG015", Harness.Job("") with { Queue = "" }),
            ("CFG015", Harness.Job("") with { Queue = "Upper" }),
            ("CFG015", Harness.Job("") with { Queue = new string('q', 64) }),
            ("CFG015", Harness.Job("") with { Queue = "a\n" }),
            ("CFG015", Harness.Job("") with { Tenant = "a b" }),
            ("CFG015", Harness.Job("") with { Tenant = "" }),
            ("PAY006", Harness.Job("", "")),
            ("PAY006", Harness.Job("", new string('k', 4_097))),
            ("PAY006", Harness.Job("", new string('\u00e9', 2_049))),
            ("PAY006", Harness.Job("", "half \ud800 pair")),
            ("PAY006", Harness.Job("") with { DeduplicationId = "" }),
            ("PAY006", Harness.Job("") with { DeduplicationId = new string('d', 256) }),
            ("PAY002", Harness.Job("") with { Body = new byte[JobRules.MaxBodyBytes + 1] }),
            ("PAY007", Harness.Job("") with { Delay = TimeSpan.FromDays(367) }),
            ("PAY007", Harness.Job("") with { RunAt = DateTimeOffset.MaxValue }),
            ("PAY007", Harness.Job("") with { DeduplicationId = "d", DeduplicationWindow = TimeSpan.Zero }),
        ];
        foreach (var (code, job) in refused)
            Assert.StartsWith(code + " ", (await Assert.ThrowsAsync<ArgumentException>(async () => await Store.EnqueueAsync([job], Stop))).Message, StringComparison.Ordinal);
        Assert.Equal(new QueueCounts(), await Store.CountAsync(Harness.Queue, Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_same_deduplication_id_is_stored_once_within_its_window()
    {
        var job = Harness.Job("a") with { DeduplicationId = "once", DeduplicationWindow = TimeSpan.FromMinutes(1) };
        var first = (await Store.EnqueueAsync([job, job with { Body = "b"u8.ToArray() }], Stop)).ToArray();
        Assert.Equal([new EnqueueResult(first[0].Id, false), new EnqueueResult(first[0].Id, true)], first);

        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal("a", delivery.Text());
        await source.WriteAsync(delivery, Outcome.Completed, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(59), Stop);
        await Store.PruneAsync(Stop);
        Assert.Equal(new EnqueueResult(first[0].Id, true), Assert.Single(await Store.EnqueueAsync([job], Stop)));
        await Harness.NothingElseAsync(source, Stop);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1), Stop);
        var later = Assert.Single(await Store.EnqueueAsync([job], Stop));
        Assert.False(later.Duplicate);
        Assert.Equal(later.Id, (await source.TakeAsync(Stop)).Id);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Deduplication_ids_are_told_apart_by_queue_and_tenant()
    {
        var job = Harness.Job("a") with { DeduplicationId = "once" };
        var results = await Store.EnqueueAsync(
            [job, job with { Tenant = "one" }, job with { Tenant = "two" }, job with { Queue = "suite-other" }, job with { DeduplicationId = "Once" }], Stop);
        Assert.DoesNotContain(results, result => result.Duplicate);
        Assert.True((await Store.EnqueueAsync([job with { Tenant = "two" }], Stop))[0].Duplicate);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Run_at_wins_over_delay()
    {
        var accepted = await Harness.EnqueueAsync(Harness.Job("probe"), Stop);
        var now = (await Store.FindAsync(accepted, Stop))!.EnqueuedAt;
        var id = await Harness.EnqueueAsync(Harness.Job("later") with { RunAt = now + TimeSpan.FromSeconds(20), Delay = TimeSpan.FromSeconds(5) }, Stop);
        await Harness.EnqueueAsync(Harness.Job("past") with { RunAt = now - TimeSpan.FromDays(1), Delay = TimeSpan.FromSeconds(5) }, Stop);
        Assert.Equal(now + TimeSpan.FromSeconds(20), (await Store.FindAsync(id, Stop))!.DueAt);

        await using var source = Harness.Open();
        Assert.Equal(["probe", "past"], (await source.TakeAsync(2, Stop)).Texts());
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(19), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1), Stop);
        Assert.Equal("later", (await source.TakeAsync(Stop)).Text());
    }

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

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Concurrent_publishers_lose_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(publisher => Task.Run(async () =>
        {
            for (var n = 0; n < 25; n++) await Store.EnqueueAsync([Harness.Job($"{publisher}:{n}")], Stop);
        }, Stop)));
        await using var source = Harness.Open();
        var all = await source.TakeAsync(200, Stop);
        Assert.Equal(200, all.Select(delivery => delivery.Id).Distinct().Count());
        foreach (var own in all.Texts().GroupBy(text => text.Split(':')[0]))
            Assert.Equal(Enumerable.Range(0, 25).Select(n => $"{own.Key}:{n}"), own);
    }
}
