using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Conformance.Sourcing;

public abstract partial class SourceConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Completed_never_returns()
    {
        await Harness.FillAsync("a", Stop);
        await using (var source = Harness.Open())
            await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Completed, Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await using var next = Harness.Open();
        await Harness.NothingElseAsync(next, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Cancelled_never_returns()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Cancelled, Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Retry_is_not_early_and_adds_an_attempt()
    {
        Harness.Need(SourceCapabilities.DelayedRetry);
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        var first = await source.TakeAsync(Stop);
        await source.WriteAsync(first, Outcome.Retry(TimeSpan.FromSeconds(10), "not yet"), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(9), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1), Stop);
        var second = await source.TakeAsync(Stop);
        Assert.Equal((first.Id, 2, 0), (second.Id, second.Attempt, second.Snoozes));
        Assert.True(second.Token > first.Token, "the token grows with every claim");
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Retry_without_delay_comes_back_at_once()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        for (var attempt = 1; attempt <= 30; attempt++)
        {
            var delivery = await source.TakeAsync(Stop);
            Assert.Equal(attempt, delivery.Attempt);
            await source.WriteAsync(delivery, Outcome.Retry(TimeSpan.Zero, "again"), Stop);
        }
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Snooze_keeps_the_attempt_count()
    {
        Harness.Need(SourceCapabilities.DelayedRetry);
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Snoozed(TimeSpan.FromSeconds(10)), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        var back = await source.TakeAsync(Stop);
        Assert.Equal((1, 1), (back.Attempt, back.Snoozes));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Released_comes_back_at_once_to_its_old_place_and_counts_nothing()
    {
        await Harness.FillAsync(["a", "b", "c"], Stop);
        await using var source = Harness.Open();
        var claimed = await source.TakeAsync(2, Stop);
        await source.WriteAsync(claimed[1], Outcome.Released, Stop);
        await source.WriteAsync(claimed[0], Outcome.Released, Stop);
        var back = await source.TakeAsync(3, Stop);
        Assert.Equal(["a", "b", "c"], back.Texts());
        Assert.All(back, delivery => Assert.Equal((1, 0, 0), (delivery.Attempt, delivery.Snoozes, delivery.Crashes)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Dead_is_found_with_its_reason_and_never_runs_again()
    {
        Harness.Need(SourceCapabilities.DeadLetters);
        await Harness.FillAsync([Harness.Job("a", "key") with { Kind = "kind", Tenant = "tenant", Headers = new([new("name", "value")]) }], Stop);
        await using var source = Harness.Open();
        var first = await source.TakeAsync(Stop);
        await source.WriteAsync(first, new Outcome.RetryOutcome(TimeSpan.Zero, "first reason") { Detail = "at line 1" }, Stop);
        await source.WriteAsync(await source.TakeAsync(Stop), new Outcome.DeadOutcome("last reason") { Detail = "at line 2" }, Stop);

        var letter = Assert.Single(await Harness.DeadAsync(Stop));
        Assert.Equal((first.Id, "last reason", 2), (letter.Id, letter.Reason, letter.Attempts));
        Assert.Equal(("key", "kind", "tenant", Harness.Queue), (letter.Key, letter.Kind, letter.Tenant, letter.Queue));
        Assert.Equal("a"u8, letter.Body.Span);
        Assert.Equal("value", letter.Headers.Get("name"));
        Assert.Equal([(1, "first reason", "at line 1"), (2, "last reason", "at line 2")], letter.Errors.Select(error => (error.Attempt, error.Reason, error.Detail)));
        Assert.Equal(first.EnqueuedAt, letter.EnqueuedAt);
        Assert.True(letter.DiedAt >= letter.EnqueuedAt);
        Assert.NotEmpty(letter.Position);

        await Harness.ElapseLeaseAsync(Stop);
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Settling_twice_is_refused_and_changes_nothing()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        await source.WriteAsync(delivery, Outcome.Completed, Stop);
        Assert.Equal(delivery, Assert.Single(await source.SettleAsync(delivery, Outcome.Retry(TimeSpan.Zero, "late"), Stop)).Delivery);
        Assert.Single(await source.SettleAsync(delivery, Outcome.Completed, Stop));
        Assert.Single(await source.SettleAsync(delivery, Outcome.Dead("late"), Stop));
        await Harness.NothingElseAsync(source, Stop);
        Assert.Empty(await Harness.DeadAsync(Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_same_delivery_twice_in_one_batch_is_written_once()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        var refused = await source.SettleAsync([new(delivery, Outcome.Completed), new(delivery, Outcome.Retry(TimeSpan.Zero, "late"))], Stop);
        Assert.InRange(refused.Count, 0, 1);
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task After_a_lost_lease_a_settlement_is_refused()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var doomed = Harness.Open();
        var lost = await doomed.TakeAsync(Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await using var heir = Harness.Open();
        var held = await heir.TakeAsync(Stop);

        foreach (Outcome late in new Outcome[] { Outcome.Completed, Outcome.Released, Outcome.Retry(TimeSpan.Zero, "late"), Outcome.Dead("late"), Outcome.Cancelled })
            Assert.Equal(new Settlement(lost, late), Assert.Single(await doomed.SettleAsync(lost, late, Stop)));
        await Harness.NothingElseAsync(heir, Stop);
        await heir.WriteAsync(held, Outcome.Completed, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task An_old_token_is_refused_by_the_same_source()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        var old = await source.TakeAsync(Stop);
        await source.WriteAsync(old, Outcome.Released, Stop);
        var current = await source.TakeAsync(Stop);
        Assert.True(current.Token > old.Token);
        Assert.Single(await source.SettleAsync(old, Outcome.Completed, Stop));
        await source.WriteAsync(current, Outcome.Completed, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_batch_says_which_settlements_were_refused_and_writes_the_rest()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync(["a", "b", "c"], Stop);
        await using var source = Harness.Open();
        var claimed = await source.TakeAsync(3, Stop);
        await source.WriteAsync(claimed[1], Outcome.Completed, Stop);
        var refused = await source.SettleAsync(
            [new(claimed[0], Outcome.Completed), new(claimed[1], Outcome.Completed), new(claimed[2], Outcome.Dead("bad"))], Stop);
        Assert.Equal([claimed[1]], refused.Select(settlement => settlement.Delivery));
        Assert.Equal(["bad"], (await Harness.DeadAsync(Stop)).Select(letter => letter.Reason));
        await Harness.ElapseLeaseAsync(Stop);
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task One_batch_carries_every_outcome()
    {
        Harness.Need(SourceCapabilities.DelayedRetry | SourceCapabilities.DeadLetters);
        await Harness.FillAsync(["completed", "retry", "snoozed", "dead", "cancelled", "released"], Stop);
        await using var source = Harness.Open();
        var claimed = await source.TakeAsync(6, Stop);
        Outcome[] outcomes =
        [
            Outcome.Completed, Outcome.Retry(TimeSpan.FromSeconds(5), "later"), Outcome.Snoozed(TimeSpan.FromSeconds(6)),
            Outcome.Dead("bad"), Outcome.Cancelled, Outcome.Released,
        ];
        Assert.Empty(await source.SettleAsync([.. claimed.Zip(outcomes, (delivery, outcome) => new Settlement(delivery, outcome))], Stop));

        var released = await source.TakeAsync(Stop);
        Assert.Equal(("released", 1), (released.Text(), released.Attempt));
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(6), Stop);
        var back = await source.TakeAsync(2, Stop);
        Assert.Equal([("retry", 2, 0), ("snoozed", 1, 1)], back.Select(delivery => (delivery.Text(), delivery.Attempt, delivery.Snoozes)));
        Assert.Equal("bad", Assert.Single(await Harness.DeadAsync(Stop)).Reason);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Settling_works_in_any_order()
    {
        Harness.Need(SourceCapabilities.OutOfOrderSettlement | SourceCapabilities.Leases);
        await Harness.FillAsync(["a", "b", "c"], Stop);
        await using var source = Harness.Open();
        var claimed = await source.TakeAsync(3, Stop);
        await source.WriteAsync(claimed[2], Outcome.Completed, Stop);
        await source.WriteAsync(claimed[1], Outcome.Completed, Stop);
        await Harness.ElapseLeaseAsync(Stop);
        Assert.Equal("a", (await source.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Settling_past_the_deadline_writes_nothing()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await source.SettleAsync(delivery, Outcome.Completed, new CancellationToken(canceled: true)));
        await source.WriteAsync(delivery, Outcome.Completed, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Renewing_keeps_the_claim()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        await using var other = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        for (var i = 0; i < 4; i++)
        {
            await Harness.AdvanceAsync(SourceHarness.Lease * 0.6, Stop);
            Assert.Empty(await source.RenewAsync([delivery], Stop));
        }

        await Harness.NothingElseAsync(other, Stop);
        await source.WriteAsync(delivery, Outcome.Completed, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Renewing_reports_a_lost_claim()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync(["a", "b"], Stop);
        await using var doomed = Harness.Open();
        var lost = await doomed.TakeAsync(2, Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await using var heir = Harness.Open();
        await heir.TakeAsync(2, Stop);
        Assert.Equal(
            lost.Select(delivery => new LostClaim(delivery, Cancelled: false)),
            (await doomed.RenewAsync(lost, Stop)).OrderBy(claim => claim.Delivery.Text()));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Claims_that_were_given_up_come_back_although_their_owner_lives_on()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync(["a", "b"], Stop);
        await using var source = Harness.Open();
        var given = await source.TakeAsync(2, Stop);
        await source.MarkRunningAsync(given[0]);
        source.ForgetClaims();
        for (var i = 0; i < 2; i++)
        {
            await Harness.AdvanceAsync(SourceHarness.Lease * 0.6, Stop);
            await source.RenewAsync([], Stop);
        }

        var back = await source.TakeAsync(2, Stop);
        Assert.Equal(["a", "b"], back.Texts());
        Assert.All(back, delivery => Assert.Equal(1, delivery.Attempt));
        Assert.All(back.Zip(given), pair => Assert.True(pair.First.Token > pair.Second.Token, "the token grows with every claim"));
        await source.WriteAsync(back, Outcome.Completed, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Renewing_nothing_is_a_sign_of_life()
    {
        await using var source = Harness.Open();
        Assert.Empty(await source.RenewAsync([], Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_crash_counts_against_what_ran_and_nothing_else()
    {
        Harness.Need(SourceCapabilities.CrashCounts | SourceCapabilities.Leases);
        await Harness.FillAsync(["ran", "done", "queued"], Stop);
        await using var doomed = Harness.Open();
        var claimed = await doomed.TakeAsync(3, Stop);
        await doomed.MarkRunningAsync(claimed[0]);
        await doomed.MarkRunningAsync(claimed[1]);
        doomed.MarkDone(claimed[1]);
        await Harness.ElapseLeaseAsync(Stop);

        await using var heir = Harness.Open();
        var back = await heir.TakeAsync(3, Stop);
        Assert.Equal([("ran", 1, 1), ("done", 0, 1), ("queued", 0, 1)], back.Select(delivery => (delivery.Text(), delivery.Crashes, delivery.Attempt)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Noting_twice_that_a_handler_runs_is_undone_once()
    {
        Harness.Need(SourceCapabilities.CrashCounts | SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var doomed = Harness.Open();
        var delivery = await doomed.TakeAsync(Stop);
        await doomed.MarkRunningAsync(delivery);
        await doomed.MarkRunningAsync(delivery);
        doomed.MarkDone(delivery);
        await Harness.ElapseLeaseAsync(Stop);
        await using var heir = Harness.Open();
        Assert.Equal(0, (await heir.TakeAsync(Stop)).Crashes);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Crashes_add_up()
    {
        Harness.Need(SourceCapabilities.CrashCounts | SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        for (var crashes = 0; crashes < 4; crashes++)
        {
            var doomed = Harness.Open();
            var delivery = await doomed.TakeAsync(Stop);
            Assert.Equal(crashes, delivery.Crashes);
            await doomed.MarkRunningAsync(delivery);
            await Harness.ElapseLeaseAsync(Stop);
            // Closed only after another owner may have looked: a process that died closes nothing.
            await using (var heir = Harness.Open())
                await heir.WriteAsync(await heir.TakeAsync(Stop), Outcome.Released, Stop);
            await doomed.DisposeAsync();
        }
    }
}
