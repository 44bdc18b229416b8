using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Storing;

public abstract partial class JobStoreConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Dead_letters_are_listed_by_every_filter_oldest_first()
    {
        await BuryAsync(Harness.Job("first") with { Tenant = "one" });
        await Harness.AdvanceAsync(TimeSpan.FromMinutes(1), Stop);
        var ids = await BuryAsync(Harness.Job("second", "key"), Harness.Job("third, 100% _odd_") with { Tenant = "two" });
        var middle = (await Store.ListDeadLettersAsync(new DeadLetterFilter { Ids = [ids[0]] }, Stop).ToListAsync(Stop))[0].DiedAt;

        string[] all = ["first", "second", "third, 100% _odd_"];
        Assert.Equal(all, await ListAsync(new DeadLetterFilter()));
        Assert.Equal(all, await ListAsync(new DeadLetterFilter { Queue = Harness.Queue }));
        Assert.Empty(await ListAsync(new DeadLetterFilter { Queue = "suite-other" }));
        Assert.Equal(all[1..], await ListAsync(new DeadLetterFilter { Ids = [ids[1], ids[0], "0"] }));
        Assert.Empty(await ListAsync(new DeadLetterFilter { Ids = [] }));
        Assert.Equal(all[..1], await ListAsync(new DeadLetterFilter { Tenant = "one" }));
        Assert.Equal(all[1..2], await ListAsync(new DeadLetterFilter { Key = "key" }));
        Assert.Equal(all[2..], await ListAsync(new DeadLetterFilter { ReasonContains = "100% _" }));
        Assert.Empty(await ListAsync(new DeadLetterFilter { ReasonContains = "FIRST" }));
        Assert.Empty(await ListAsync(new DeadLetterFilter { ReasonContains = "first%" }));
        Assert.Equal(all[1..], await ListAsync(new DeadLetterFilter { DiedFrom = middle }));
        Assert.Equal(all[..1], await ListAsync(new DeadLetterFilter { DiedBefore = middle }));
        Assert.Equal(all[..2], await ListAsync(new DeadLetterFilter { Limit = 2 }));
        Assert.Empty(await ListAsync(new DeadLetterFilter { Tenant = "one", Key = "key" }));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Requeueing_starts_a_new_chain_that_links_to_the_old_one()
    {
        var dead = Assert.Single(await BuryAsync(
            Harness.Job("body", "key") with { Kind = "kind", Tenant = "tenant", Priority = 7, Headers = new([new("name", "value")]), Delay = TimeSpan.Zero }));
        var heir = Assert.Single(await Store.RequeueAsync(new DeadLetterFilter { Ids = [dead] }, "suite", Stop));
        Assert.NotEqual(dead, heir);

        var old = await Store.FindAsync(dead, Stop);
        Assert.Equal(JobState.Dead, old!.State);
        Assert.Empty(await ListAsync(new DeadLetterFilter()));
        Assert.Equal(0, (await Store.CountAsync(Harness.Queue, Stop)).Dead);

        var job = await Store.FindAsync(heir, Stop);
        Assert.Equal((JobState.Waiting, dead, 0), (job!.State, job.RequeuedFrom, job.Attempts));
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal((heir, 1, "body", "key", "kind", "tenant"), (delivery.Id, delivery.Attempt, delivery.Text(), delivery.Key, delivery.Kind, delivery.Tenant));
        Assert.Equal("value", delivery.Headers.Get("name"));

        await source.WriteAsync(delivery, Outcome.Dead("again"), Stop);
        var letter = Assert.Single(await Store.ListDeadLettersAsync(new DeadLetterFilter(), Stop).ToListAsync(Stop));
        Assert.Equal((heir, dead), (letter.Id, letter.RequeuedFrom));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Requeueing_a_publish_that_was_delayed_or_deduplicated_runs_at_once()
    {
        await Store.EnqueueAsync([Harness.Job("a") with { Delay = TimeSpan.FromSeconds(10), DeduplicationId = "once" }], Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        await using var source = Harness.Open();
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Dead("bad"), Stop);
        var heir = Assert.Single(await Store.RequeueAsync(new DeadLetterFilter(), "suite", Stop));
        Assert.Equal(heir, (await source.TakeAsync(Stop)).Id);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Requeueing_by_filter_takes_what_matches_in_order()
    {
        await BuryAsync(Harness.Job("a") with { Tenant = "one" }, Harness.Job("b") with { Tenant = "two" }, Harness.Job("c") with { Tenant = "one" }, Harness.Job("d") with { Tenant = "one" });
        var heirs = await Store.RequeueAsync(new DeadLetterFilter { Tenant = "one", Limit = 2 }, "suite", Stop);
        await using var source = Harness.Open();
        var back = await source.TakeAsync(2, Stop);
        Assert.Equal(["a", "c"], back.Texts());
        Assert.Equal(heirs, back.Select(delivery => delivery.Id));
        Assert.Equal(["b", "d"], await ListAsync(new DeadLetterFilter()));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Requeueing_twice_takes_up_one_dead_letter_once()
    {
        var dead = Assert.Single(await BuryAsync(Harness.Job("a")));
        var filter = new DeadLetterFilter { Ids = [dead] };
        var heirs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () => await Store.RequeueAsync(filter, "suite", Stop), Stop)));
        Assert.Single(heirs.SelectMany(ids => ids));
        Assert.Equal(1, (await Store.CountAsync(Harness.Queue, Stop)).Waiting);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_requeued_held_head_runs_first()
    {
        await Store.EnqueueAsync([Harness.Job("a1", "a"), Harness.Job("a2", "a"), Harness.Job("a3", "a")], Stop);
        await using var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold);
        var claimed = await source.TakeAsync(2, Stop);
        Assert.Empty(await source.SettleAsync([new(claimed[0], Outcome.Dead("bad")), new(claimed[1], Outcome.Released)], Stop));
        await Harness.NothingElseAsync(source, Stop);
        Assert.Single(await Store.RequeueAsync(new DeadLetterFilter { Key = "a" }, "suite", Stop));
        Assert.Equal(["a1", "a2", "a3"], (await source.TakeAsync(3, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Discarding_a_held_head_opens_its_key_and_wakes_a_waiting_fetch()
    {
        await Store.EnqueueAsync([Harness.Job("a1", "a"), Harness.Job("a2", "a")], Stop);
        await using var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Dead("bad"), Stop);
        var waiting = source.FetchAsync(10, Stop).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, await Store.DiscardAsync(new DeadLetterFilter { Key = "a" }, "suite", Stop));
        Assert.Equal(["a2"], (await waiting).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Discarding_removes_what_matches_and_nothing_else()
    {
        var ids = await BuryAsync(Harness.Job("a"), Harness.Job("b"), Harness.Job("c"));
        Assert.Equal(2, await Store.DiscardAsync(new DeadLetterFilter { Ids = [ids[0], ids[2]] }, "suite", Stop));
        Assert.Equal(["b"], await ListAsync(new DeadLetterFilter()));
        Assert.Equal(0, await Store.DiscardAsync(new DeadLetterFilter { Ids = [ids[0], ids[2]] }, "suite", Stop));
        Assert.Empty(await Store.RequeueAsync(new DeadLetterFilter { Ids = [ids[0]] }, "suite", Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Every_action_writes_exactly_one_audit_entry()
    {
        await BuryAsync(Harness.Job("a"), Harness.Job("b"), Harness.Job("c"), Harness.Job("d"));
        var waiting = await Harness.EnqueueAsync(Harness.Job("waiting"), Stop);
        var pause = new Pause("worker", "ann", "lunch", DateTimeOffset.UnixEpoch);
        (string Action, string? Target, Func<Task> Do)[] actions =
        [
            ("requeue", null, async () => Assert.Equal(2, (await Store.RequeueAsync(new DeadLetterFilter { Limit = 2 }, "ann", Stop)).Count)),
            ("discard", null, async () => Assert.Equal(2, await Store.DiscardAsync(new DeadLetterFilter(), "ann", Stop))),
            ("cancel", waiting, async () => await Store.CancelAsync(waiting, "ann", Stop)),
            ("pause", "worker", async () => await Store.SetPauseAsync("worker", pause, "ann", Stop)),
            ("resume", "worker", async () => await Store.SetPauseAsync("worker", null, "ann", Stop)),
            ("set-concurrency", "worker", async () => await Store.AuditAsync("ann", "set-concurrency", "worker", "8", Stop)),
        ];
        foreach (var (action, target, run) in actions)
        {
            var entry = await OneEntryAsync(run);
            Assert.Equal((action, "ann"), (entry.Action, entry.Actor));
            if (target is not null) Assert.Equal(target, entry.Target);
            Assert.NotEqual(default, entry.At);
        }
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_audit_trail_shows_the_newest_first_and_no_more_than_asked()
    {
        for (var n = 0; n < 5; n++) await Store.AuditAsync("ann", "export", $"{n}", n == 4 ? "it's \"all\"" : null, Stop);
        var newest = await Store.ListAuditAsync(3, Stop);
        Assert.Equal([("4", "it's \"all\""), ("3", null), ("2", null)], newest.Select(entry => (entry.Target, entry.Detail)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_pause_is_listed_until_it_is_lifted()
    {
        var pause = new Pause("worker", "ann", "lunch", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await Store.SetPauseAsync("worker", pause with { Reason = null }, "ann", Stop);
        await Store.SetPauseAsync("worker", pause, "ann", Stop);
        Assert.Equal([pause], await Store.ListPausesAsync(Stop));
        await Store.SetPauseAsync("other", null, "ann", Stop);
        await Store.SetPauseAsync("worker", null, "ann", Stop);
        Assert.Empty(await Store.ListPausesAsync(Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Pauses_audit_and_deduplication_survive_a_restart()
    {
        Harness.Need(HarnessAbilities.Restart, "nothing survives the process.");
        var pause = new Pause("worker", "ann", null, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await Store.SetPauseAsync("worker", pause, "ann", Stop);
        var job = Harness.Job("a") with { DeduplicationId = "once" };
        var id = await Harness.EnqueueAsync(job, Stop);
        await Harness.RestartAsync(Stop);
        Assert.Equal([pause], await Store.ListPausesAsync(Stop));
        Assert.Equal("pause", Assert.Single(await Store.ListAuditAsync(10, Stop)).Action);
        Assert.Equal(new EnqueueResult(id, true), Assert.Single(await Store.EnqueueAsync([job], Stop)));
    }
}
