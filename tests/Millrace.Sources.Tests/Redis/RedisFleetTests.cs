using Millrace.Diagnostics;
using Millrace.Sources.Tests.Crashes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Real processes that share one group and are killed with SIGKILL: at named points, at random, and by what they handle.</summary>
public sealed class RedisFleetTests
{
    private const int MostInFlight = 8;
    private const int Killed = 137;
    private const int Guard = 300_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>The points that lie on this path.</summary>
    public static TheoryData<string, int> Points
    {
        get
        {
            var points = new TheoryData<string, int>();
            var own = CrashPoints.Names.Where(name => !name.StartsWith("sqlite.", StringComparison.Ordinal) && name != "deadletter.written");
            foreach (var name in own)
                foreach (var after in (int[])[0, 3])
                    points.Add(name, after);
            return points;
        }
    }

    [FullLaneTheory(Timeout = Guard)]
    [MemberData(nameof(Points))]
    public async Task Killed_at_a_point_nothing_is_lost_and_nothing_ends_twice(string point, int after)
    {
        await using var fleet = await RedisFleet.StartAsync(Stop);
        await fleet.FillAsync(CrashScenario.Jobs(40), Stop);
        Assert.Equal(Killed, await fleet.RunChildAsync(Stop, point, after));
        await fleet.ElapseLeasesAsync();
        Assert.Equal(0, await fleet.RunChildAsync(Stop));
        await fleet.CheckStatesAsync(Stop);
        CrashOracle.CheckEffects(fleet.Accepted, fleet.Effects, kills: 1, MostInFlight);
        CrashOracle.CheckOrder(fleet.Accepted, fleet.Effects);
    }

    [FullLaneFact(Timeout = Guard)]
    public async Task Three_processes_killed_at_random_keep_the_order_of_keys_and_lose_nothing()
    {
        const int many = 20_000, kills = 30;
        var random = new Random(4711);
        await using var fleet = await RedisFleet.StartAsync(Stop);
        var jobs = Enumerable.Range(0, many).Select(n => new NewJob
        {
            Queue = CrashScenario.Queue,
            Key = $"k{n % 37}",
            Body = Text((n % 50) switch { 7 => "retry", 21 => "snooze", 33 => "dead", _ => "ok" }),
        }).ToArray();
        var publishing = Task.Run(() => fleet.FillAsync(jobs, Stop), Stop);

        var children = new CrashProcess[3];
        var killed = 0;
        try
        {
            for (var i = 0; i < children.Length; i++) children[i] = fleet.StartChild();
            var next = Threshold(1);
            using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10), TimeProvider.System);
            while (!publishing.IsCompleted || !await fleet.IsDrainedAsync(Stop))
            {
                await look.WaitForNextTickAsync(Stop);
                for (var i = 0; i < children.Length; i++)
                    if (children[i].HasEnded)
                        await ReplaceAsync(i, 0);
                if (killed == kills || fleet.EffectBytes < next) continue;
                var victim = random.Next(children.Length);
                children[victim].Kill();
                killed += await ReplaceAsync(victim, Killed);
                next = Threshold(killed + 1);
            }

            await publishing;
            foreach (var child in children) Assert.Equal(0, await child.EndAsync(Stop));
        }
        finally
        {
            foreach (var child in children)
                if (child is not null)
                    await child.DisposeAsync();
        }

        Assert.Equal(kills, killed);
        await fleet.CheckStatesAsync(Stop);
        CrashOracle.CheckEffects(fleet.Accepted, fleet.Effects, killed, MostInFlight, together: true);
        CrashOracle.CheckOrder(fleet.Accepted, fleet.Effects);

        // A line of effects has about 45 bytes; kills are spread over the first three quarters of them.
        long Threshold(int kill) => many * 45L * 3 / 4 * kill / kills;

        // One that ended by itself in the moment of the kill was not killed.
        async Task<int> ReplaceAsync(int place, int wanted)
        {
            var code = await children[place].EndAsync(Stop);
            await children[place].DisposeAsync();
            children[place] = fleet.StartChild();
            return code == wanted && code == Killed ? 1 : 0;
        }
    }

    [FullLaneFact(Timeout = Guard)]
    public async Task A_message_that_kills_its_process_at_once_is_quarantined_after_a_bounded_number_of_crashes()
    {
        await using var fleet = await RedisFleet.StartAsync(Stop);
        await fleet.FillAsync([.. CrashScenario.Jobs(10), new() { Queue = CrashScenario.Queue, Body = Text("kill") }, .. CrashScenario.Jobs(10)], Stop);
        var pill = fleet.Accepted.Single(pair => CrashOracle.Script(pair.Value) == "kill").Key;
        var crashes = 0;
        while (await fleet.RunChildAsync(Stop) == Killed)
        {
            // Once perhaps before its mark was written, then three times with it.
            Assert.InRange(++crashes, 1, 4);
            await fleet.ElapseLeasesAsync();
        }

        Assert.InRange(crashes, 3, 4);
        await fleet.CheckStatesAsync(Stop);
        var letter = await fleet.Store.ListDeadLettersAsync(new() { Ids = [pill] }, Stop).SingleAsync(Stop);
        Assert.Equal((3, 1), (letter.Crashes, letter.Attempts));
        Assert.StartsWith("quarantined", letter.Reason, StringComparison.Ordinal);
        Assert.Equal(crashes, fleet.Effects.Count(effect => effect.Id == pill));
    }

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
