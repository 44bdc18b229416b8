using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Conformance.Sourcing;

public abstract partial class SourceConformance<THarness>
{
    private static readonly Outcome s_inTenSeconds = Outcome.Retry(TimeSpan.FromSeconds(10), "not yet");

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_waiting_retry_withholds_its_key_and_no_other()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "b1");
        await using var source = Harness.Open(Order.PerKey);
        var head = await source.TakeAsync(Stop);
        Assert.Equal("a1", head.Text());
        await source.WriteAsync(head, s_inTenSeconds, Stop);
        Assert.Equal("b1", (await source.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(source, Stop);

        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal([("a1", 2), ("a2", 1)], (await source.TakeAsync(2, Stop)).Select(delivery => (delivery.Text(), delivery.Attempt)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_snoozed_head_withholds_its_key()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2");
        await using var source = Harness.Open(Order.PerKey);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Snoozed(TimeSpan.FromSeconds(10)), Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(["a1", "a2"], (await source.TakeAsync(2, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task What_a_fetch_left_for_want_of_bytes_comes_behind_what_it_brought_and_was_released()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        string[] texts = [.. Enumerable.Range(1, 4).Select(n => $"a{n}{new string('x', 1_000)}")];
        await FillKeysAsync(texts);
        await using var source = Harness.Open(Order.PerKey);
        await source.WriteAsync(await source.FetchAsync(new FetchLimit(4, Bytes: 1_024), Stop), Outcome.Released, Stop);
        Assert.Equal(texts, (await source.TakeAsync(4, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Jobs_published_behind_a_waiting_retry_queue_up()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1");
        await using var source = Harness.Open(Order.PerKey);
        await source.WriteAsync(await source.TakeAsync(Stop), s_inTenSeconds, Stop);
        await FillKeysAsync("a2", "a3");
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(["a1", "a2", "a3"], (await source.TakeAsync(3, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task When_the_head_parks_the_released_rest_keeps_its_order()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "a3", "a4");
        await using var source = Harness.Open(Order.PerKey);
        var claimed = await source.TakeAsync(3, Stop);
        Assert.Empty(await source.SettleAsync(
            [new(claimed[0], s_inTenSeconds), new(claimed[1], Outcome.Released), new(claimed[2], Outcome.Released)], Stop));
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal([("a1", 2), ("a2", 1), ("a3", 1), ("a4", 1)], (await source.TakeAsync(4, Stop)).Select(delivery => (delivery.Text(), delivery.Attempt)));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_key_claimed_by_another_owner_is_withheld_until_it_settles()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "b1");
        await using var one = Harness.Open(Order.PerKey);
        await using var two = Harness.Open(Order.PerKey);
        var head = await one.TakeAsync(Stop);
        Assert.Equal("b1", (await two.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(two, Stop);

        var waiting = two.FetchAsync(10, Stop).AsTask();
        await one.WriteAsync(head, Outcome.Completed, Stop);
        Assert.Equal(["a2"], (await waiting).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_owner_of_a_key_may_claim_more_of_it_after_another_looked()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "a3");
        await using var one = Harness.Open(Order.PerKey);
        await using var two = Harness.Open(Order.PerKey);
        await one.TakeAsync(Stop);
        await Harness.NothingElseAsync(two, Stop);
        Assert.Equal(["a2", "a3"], (await one.TakeAsync(2, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task What_another_owner_passed_over_still_comes_first()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "b1", "a3");
        await using var one = Harness.Open(Order.PerKey);
        await using var two = Harness.Open(Order.PerKey);
        var claimed = await one.TakeAsync(2, Stop);
        await one.WriteAsync(claimed[0], Outcome.Released, Stop);
        Assert.Equal("b1", (await two.TakeAsync(Stop)).Text());
        Assert.Equal(["a1", "a3"], (await one.TakeAsync(2, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_lapsed_claim_opens_the_key_at_its_old_place()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.Leases);
        await FillKeysAsync("a1", "a2", "a3");
        await using var doomed = Harness.Open(Order.PerKey);
        await doomed.TakeAsync(2, Stop);
        await using var heir = Harness.Open(Order.PerKey);
        await Harness.NothingElseAsync(heir, Stop);
        await Harness.ElapseLeaseAsync(Stop);
        Assert.Equal(["a1", "a2", "a3"], (await heir.TakeAsync(3, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_dead_head_lets_the_key_go_on()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.DeadLetters);
        await FillKeysAsync("a1", "a2");
        await using var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Continue);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Dead("bad"), Stop);
        Assert.Equal("a2", (await source.TakeAsync(Stop)).Text());
        Assert.False(Assert.Single(await Harness.DeadAsync(Stop)).HoldsKey);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_held_dead_head_withholds_its_key_and_no_other()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.DeadLetters);
        await FillKeysAsync("a1", "a2", "b1");
        await using var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Dead("bad"), Stop);
        Assert.Equal("b1", (await source.TakeAsync(Stop)).Text());
        await Harness.ElapseLeaseAsync(Stop);
        Assert.Equal("b1", (await source.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(source, Stop);
        Assert.True(Assert.Single(await Harness.DeadAsync(Stop)).HoldsKey);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_dead_letter_without_a_key_holds_nothing()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.DeadLetters);
        await Harness.FillAsync(["a", "b"], Stop);
        await using var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Dead("bad"), Stop);
        Assert.Equal("b", (await source.TakeAsync(Stop)).Text());
        Assert.False(Assert.Single(await Harness.DeadAsync(Stop)).HoldsKey);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_delayed_publish_does_not_withhold_its_key()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry);
        await Harness.FillAsync([Harness.Job("later", "a") with { Delay = TimeSpan.FromSeconds(10) }, Harness.Job("now", "a")], Stop);
        await using var source = Harness.Open(Order.PerKey);
        await source.WriteAsync(await source.TakeAsync(Stop), Outcome.Completed, Stop);
        await Harness.NothingElseAsync(source, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal("later", (await source.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Priority_does_not_pass_within_a_key()
    {
        Harness.Need(SourceCapabilities.OrderedKeys | SourceCapabilities.Priorities);
        await Harness.FillAsync([Harness.Job("a1", "a"), Harness.Job("a2", "a") with { Priority = 0 }], Stop);
        await using var source = Harness.Open(Order.PerKey);
        Assert.Equal(["a1", "a2"], (await source.TakeAsync(2, Stop)).Texts());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Without_order_a_waiting_retry_withholds_nothing()
    {
        Harness.Need(SourceCapabilities.DelayedRetry);
        await FillKeysAsync("a1", "a2");
        await using var source = Harness.Open(Order.None);
        await source.WriteAsync(await source.TakeAsync(Stop), s_inTenSeconds, Stop);
        Assert.Equal("a2", (await source.TakeAsync(Stop)).Text());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Keys_are_told_apart_byte_by_byte()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        // The last two are one letter to the eye: composed, and decomposed.
        string[] keys = ["a", "A", " a", "a ", "a\0", "a\0b", "0", "00", "null", "'", "\"", "%", "_", "{a}:*", "\u65e5\u672c", "\U0001f600", "\u00e9", "e\u0301", new string('k', 4_096)];
        await Harness.FillAsync([.. keys.Select((key, n) => Harness.Job($"{n}", key))], Stop);
        await using var one = Harness.Open(Order.PerKey);
        await using var two = Harness.Open(Order.PerKey);
        // Each claim of one owner withholds its own key only, so that the other finds every other.
        var claimed = new List<Delivery>();
        for (var n = 0; n < keys.Length; n++) claimed.Add(await (n % 2 == 0 ? one : two).TakeAsync(Stop));
        Assert.Equal(keys, claimed.Select(delivery => delivery.Key));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Many_keys_each_stay_in_order_over_several_owners()
    {
        Harness.Need(SourceCapabilities.OrderedKeys);
        var (keys, each) = (50, FullLane.Runs ? 20 : 6);
        await Harness.FillAsync([.. Enumerable.Range(0, keys * each).Select(n => Harness.Job($"{n / keys}", $"k{n % keys}"))], Stop);
        var progress = new int[keys];
        var left = keys * each;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        async Task DrainAsync(int seed)
        {
            var random = new Random(seed);
            await using var source = Harness.Open(Order.PerKey);
            try
            {
                while (true)
                {
                    var got = await source.FetchAsync(random.Next(1, 40), done.Token);
                    foreach (var delivery in got)
                    {
                        var key = int.Parse(delivery.Key![1..], System.Globalization.CultureInfo.InvariantCulture);
                        // Only this owner holds the key now: a plain read and write would show another as a lost update.
                        Assert.Equal($"{progress[key]}", delivery.Text());
                        progress[key]++;
                    }

                    await source.WriteAsync(got, Outcome.Completed, Stop);
                    if (Interlocked.Add(ref left, -got.Count) == 0) await done.CancelAsync();
                }
            }
            catch (OperationCanceledException) when (done.IsCancellationRequested)
            {
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 3).Select(seed => Task.Run(() => DrainAsync(seed), Stop)));
        Assert.All(progress, count => Assert.Equal(each, count));
    }

    /// <summary>Publishes each body under the key its first letter names.</summary>
    private ValueTask FillKeysAsync(params string[] bodies) => Harness.FillAsync([.. bodies.Select(body => Harness.Job(body, body[..1]))], Stop);
}
