using System.Text;
using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Storing;

public abstract partial class JobStoreConformance<THarness>
{
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
