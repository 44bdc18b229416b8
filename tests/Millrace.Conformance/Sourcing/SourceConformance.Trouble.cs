using System.Collections.Concurrent;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Conformance.Sourcing;

public abstract partial class SourceConformance<THarness>
{
    private const string NothingSurvives = "nothing survives the process.";
    private const string NoConnection = "there is no connection to cut.";

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_restart_keeps_what_was_accepted_and_forgets_what_was_completed()
    {
        Harness.Need(HarnessAbilities.Restart, NothingSurvives);
        await Harness.FillAsync(["a", "b", "c", "d"], Stop);
        await using (var source = Harness.Open())
        {
            var claimed = await source.TakeAsync(3, Stop);
            await source.WriteAsync(claimed[0], Outcome.Completed, Stop);
            await source.WriteAsync(claimed[1], Outcome.Retry(TimeSpan.FromSeconds(10), "later"), Stop);
            await source.WriteAsync(claimed[2], Outcome.Dead("bad"), Stop);
        }

        await Harness.RestartAsync(Stop);
        await using var next = Harness.Open();
        Assert.Equal("d", (await next.TakeAsync(Stop)).Text());
        await Harness.NothingElseAsync(next, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        var retried = await next.TakeAsync(Stop);
        Assert.Equal(("b", 2), (retried.Text(), retried.Attempt));
        Assert.Equal("bad", Assert.Single(await Harness.DeadAsync(Stop)).Reason);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_restart_keeps_the_order_of_keys()
    {
        Harness.Need(HarnessAbilities.Restart, NothingSurvives);
        Harness.Need(SourceCapabilities.OrderedKeys);
        await FillKeysAsync("a1", "a2", "b1", "b2");
        await using (var source = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold))
        {
            var claimed = await source.TakeAsync(4, Stop);
            Assert.Empty(await source.SettleAsync(
                [new(claimed[0], s_inTenSeconds), new(claimed[1], Outcome.Released), new(claimed[2], Outcome.Dead("bad")), new(claimed[3], Outcome.Released)], Stop));
        }

        await Harness.RestartAsync(Stop);
        await using var next = Harness.Open(Order.PerKey, DeadHeadPolicy.Hold);
        await Harness.NothingElseAsync(next, Stop);
        await Harness.AdvanceAsync(TimeSpan.FromSeconds(10), Stop);
        Assert.Equal(["a1", "a2"], (await next.TakeAsync(2, Stop)).Texts());
        await Harness.NothingElseAsync(next, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_cut_connection_delays_and_loses_nothing()
    {
        Harness.Need(HarnessAbilities.Cut, NoConnection);
        await Harness.FillAsync(["a", "b"], Stop);
        await using var source = Harness.Open();
        await Harness.CutAsync(Stop);
        var claimed = await source.TakeAsync(2, Stop);
        await Harness.CutAsync(Stop);
        await source.WriteAsync(claimed[0], Outcome.Completed, Stop);
        var settling = source.SettleAsync(claimed[1], Outcome.Completed, Stop).AsTask();
        await Harness.CutAsync(Stop);
        Assert.Empty(await settling);
        await Harness.ElapseLeaseAsync(Stop);
        await Harness.NothingElseAsync(source, Stop);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Several_owners_drain_thousands_with_none_lost_and_none_doubled()
    {
        var count = FullLane.Runs ? 4_000 : 1_000;
        var seen = new ConcurrentDictionary<string, int>();
        var left = count;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        async Task DrainAsync(int limit)
        {
            await using var source = Harness.Open();
            try
            {
                while (true)
                {
                    var got = await source.FetchAsync(limit, done.Token);
                    foreach (var delivery in got) seen.AddOrUpdate(delivery.Text(), 1, (_, times) => times + 1);
                    await source.WriteAsync(got, Outcome.Completed, Stop);
                    if (Interlocked.Add(ref left, -got.Count) <= 0) await done.CancelAsync();
                }
            }
            catch (OperationCanceledException) when (done.IsCancellationRequested)
            {
            }
        }

        int[] limits = [100, 7, 33];
        var owners = limits.Select(limit => Task.Run(() => DrainAsync(limit), Stop)).ToArray();
        foreach (var chunk in Enumerable.Range(0, count).Chunk(250))
            await Harness.FillAsync(chunk.Select(n => $"{n}"), Stop);
        await Task.WhenAll(owners);

        Assert.Equal(count, seen.Count);
        Assert.All(seen.Values, times => Assert.Equal(1, times));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Opening_and_closing_from_many_tasks_loses_nothing()
    {
        var count = FullLane.Runs ? 600 : 150;
        await Harness.FillAsync(Enumerable.Range(0, count).Select(n => $"{n}"), Stop);
        var completed = new ConcurrentDictionary<string, int>();
        var left = count;
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        async Task ComeAndGoAsync(int seed)
        {
            var random = new Random(seed);
            while (!done.IsCancellationRequested)
            {
                // Settles some of what it claims and closes over the rest, which is then another's.
                await using var source = Harness.Open();
                try
                {
                    var got = await source.FetchAsync(random.Next(1, 20), done.Token);
                    var settled = got.Take(random.Next(got.Count + 1)).ToArray();
                    await source.WriteAsync(settled, Outcome.Completed, Stop);
                    foreach (var delivery in settled) completed.AddOrUpdate(delivery.Text(), 1, (_, times) => times + 1);
                    if (Interlocked.Add(ref left, -settled.Length) == 0) await done.CancelAsync();
                }
                catch (OperationCanceledException) when (done.IsCancellationRequested)
                {
                }
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(() => ComeAndGoAsync(seed), Stop)));
        Assert.Equal(count, completed.Count);
        Assert.All(completed.Values, times => Assert.Equal(1, times));
        await using var last = Harness.Open();
        await Harness.NothingElseAsync(last, Stop);
    }
}
