using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Conformance.Sourcing;

public abstract partial class SourceConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_source_says_what_it_can()
    {
        await using var source = Harness.Open();
        Assert.Equal(Harness.Capabilities, source.Capabilities);
        Assert.NotEmpty(source.MessagingSystem);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Fetch_respects_the_limit()
    {
        await Harness.FillAsync(["a", "b", "c", "d", "e"], Stop);
        await using var source = Harness.Open();
        var first = await source.FetchAsync(3, Stop);
        Assert.InRange(first.Count, 1, 3);
        var rest = await source.TakeAsync(5 - first.Count, Stop);
        Assert.Equal(["a", "b", "c", "d", "e"], first.Concat(rest).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Fetch_exceeds_the_byte_limit_by_one_delivery_at_most()
    {
        await Harness.FillAsync(Enumerable.Repeat(new string('x', 1_000), 4), Stop);
        await using var source = Harness.Open();
        Assert.InRange((await source.FetchAsync(new FetchLimit(10, Bytes: 1_500), Stop)).Count, 1, 2);
        Assert.Single(await source.FetchAsync(new FetchLimit(10, Bytes: 1), Stop));
    }

    [Theory(Timeout = SourceHarness.Guard)]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    public async Task A_limit_below_one_is_refused(int count, long bytes)
    {
        await using var source = Harness.Open();
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await source.FetchAsync(new FetchLimit(count, bytes), Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task An_empty_source_waits_until_something_comes()
    {
        await using var source = Harness.Open();
        var fetch = source.FetchAsync(10, Stop).AsTask();
        Assert.False(fetch.IsCompleted);
        await Harness.FillAsync("a", Stop);
        Assert.Equal(["a"], (await fetch).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_waiting_fetch_ends_when_it_is_stopped()
    {
        await using var source = Harness.Open();
        using var stopping = new CancellationTokenSource();
        var fetch = source.FetchAsync(10, stopping.Token).AsTask();
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_fetch_that_is_already_stopped_claims_nothing()
    {
        await Harness.FillAsync("a", Stop);
        await using var source = Harness.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await source.FetchAsync(1, new CancellationToken(canceled: true)));
        Assert.Equal("a", (await source.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Stopping_in_the_middle_of_a_fetch_loses_nothing()
    {
        var rounds = FullLane.Runs ? 100 : 25;
        var seen = new List<string>();
        await using var source = Harness.Open();
        for (var round = 0; round < rounds; round++)
        {
            using var stopping = new CancellationTokenSource();
            var fetch = source.FetchAsync(10, stopping.Token).AsTask();
            var fill = Task.Run(async () => await Harness.FillAsync($"{round}", Stop), Stop);
            if (round % 2 == 0) await fill;
            await stopping.CancelAsync();
            await fill;
            try
            {
                var got = await fetch;
                seen.AddRange(got.Texts());
                await source.WriteAsync(got, Outcome.Completed, Stop);
            }
            catch (OperationCanceledException)
            {
            }
        }

        await using var heir = Harness.Open();
        while (seen.Count < rounds)
        {
            var got = await heir.FetchAsync(rounds, Stop);
            seen.AddRange(got.Texts());
            await heir.WriteAsync(got, Outcome.Completed, Stop);
        }

        Assert.Equal(Enumerable.Range(0, rounds).Select(round => $"{round}").Order(), seen.Order());
        await Harness.NothingElseAsync(heir, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Two_owners_never_hold_one_delivery()
    {
        await Harness.FillAsync(Enumerable.Range(0, 20).Select(n => $"{n}"), Stop);
        await using var one = Harness.Open();
        await using var two = Harness.Open();
        var first = await one.TakeAsync(10, Stop);
        var second = await two.TakeAsync(10, Stop);
        Assert.Empty(first.Select(delivery => delivery.Id).Intersect(second.Select(delivery => delivery.Id)));
        await Harness.NothingElseAsync(one, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Without_keys_deliveries_come_as_they_were_published()
    {
        var bodies = Enumerable.Range(0, 250).Select(n => $"{n}").ToArray();
        await Harness.FillAsync(bodies, Stop);
        await using var source = Harness.Open();
        Assert.Equal(bodies, (await source.TakeAsync(250, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_delivery_carries_what_was_published()
    {
        await Harness.FillAsync([Harness.Job("body", "key") with { Kind = "kind", Tenant = "tenant", Headers = new([new("name", "value")]) }], Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal(("body", "key", "kind", "tenant", Harness.Queue), (delivery.Text(), delivery.Key, delivery.Kind, delivery.Tenant, delivery.Queue));
        Assert.Equal("value", delivery.Headers.Get("name"));
        Assert.Equal((1, 0, 0), (delivery.Attempt, delivery.Crashes, delivery.Snoozes));
        Assert.NotEqual(default, delivery.EnqueuedAt);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task An_unsettled_delivery_comes_back_to_the_next_owner()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var doomed = Harness.Open();
        var lost = await doomed.TakeAsync(Stop);
        await Harness.ElapseLeaseAsync(Stop);
        await using var heir = Harness.Open();
        var back = await heir.TakeAsync(Stop);
        Assert.Equal((lost.Id, "a", 1), (back.Id, back.Text(), back.Attempt));
        Assert.True(back.Token > lost.Token, "the token grows with every claim");
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_waiting_owner_gets_what_another_let_lapse()
    {
        Harness.Need(SourceCapabilities.Leases);
        await Harness.FillAsync("a", Stop);
        await using var doomed = Harness.Open();
        await doomed.TakeAsync(Stop);
        await using var heir = Harness.Open();
        var fetch = heir.FetchAsync(1, Stop).AsTask();
        Assert.False(fetch.IsCompleted);
        await Harness.ElapseLeaseAsync(Stop);
        Assert.Equal(["a"], (await fetch).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Closing_gives_back_what_is_claimed_and_counts_nothing()
    {
        await Harness.FillAsync(["a", "b", "c"], Stop);
        await using (var closing = Harness.Open())
        {
            var claimed = await closing.TakeAsync(2, Stop);
            await closing.MarkRunningAsync(claimed[0]);
        }

        await using var heir = Harness.Open();
        var back = await heir.TakeAsync(3, Stop);
        Assert.Equal(["a", "b", "c"], back.Texts());
        Assert.All(back, delivery => Assert.Equal((1, 0, 0), (delivery.Attempt, delivery.Crashes, delivery.Snoozes)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Closing_ends_a_waiting_fetch()
    {
        var source = Harness.Open();
        var fetch = source.FetchAsync(1, Stop).AsTask();
        await source.DisposeAsync();
        var error = await Assert.ThrowsAnyAsync<Exception>(() => fetch);
        Assert.True(error is OperationCanceledException or ObjectDisposedException, error.ToString());
        await Harness.FillAsync("a", Stop);
        await using var heir = Harness.Open();
        Assert.Equal("a", (await heir.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_closed_source_refuses_and_closing_twice_is_harmless()
    {
        var source = Harness.Open();
        await source.DisposeAsync();
        await source.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await source.FetchAsync(1, Stop));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await source.SettleAsync([], Stop));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await source.RenewAsync([], Stop));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Smaller_priorities_come_first()
    {
        Harness.Need(SourceCapabilities.Priorities);
        await Harness.FillAsync(
        [
            Harness.Job("plain"),
            Harness.Job("last") with { Priority = 255 },
            Harness.Job("urgent") with { Priority = 0 },
            Harness.Job("urgent too") with { Priority = 0 },
            Harness.Job("soon") with { Priority = 99 },
        ], Stop);
        await using var source = Harness.Open();
        Assert.Equal(["urgent", "urgent too", "soon", "plain", "last"], (await source.TakeAsync(5, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Queues_do_not_mix()
    {
        await Harness.FillAsync([Harness.Job("mine"), Harness.Job("other") with { Queue = "suite-other" }], Stop);
        await using var source = Harness.Open();
        Assert.Equal("mine", (await source.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(source, Stop);
        await using var other = Harness.Open(new SourceOptions { Queue = "suite-other" });
        Assert.Equal("other", (await other.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_delayed_publish_is_not_early()
    {
        Harness.Need(SourceCapabilities.DelayedRetry);
        await Harness.FillAsync([Harness.Job("later") with { Delay = TimeSpan.FromSeconds(10) }], Stop);
        await using var source = Harness.Open();
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(9), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(1), Stop);
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal(("later", 1), (delivery.Text(), delivery.Attempt));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_waiting_fetch_wakes_when_something_becomes_due()
    {
        Harness.Need(SourceCapabilities.DelayedRetry);
        await using var source = Harness.Open();
        var fetch = source.FetchAsync(1, Stop).AsTask();
        await Harness.FillAsync([Harness.Job("later") with { Delay = TimeSpan.FromSeconds(10) }], Stop);
        Assert.False(fetch.IsCompleted);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(["later"], (await fetch).Texts());
    }
}
