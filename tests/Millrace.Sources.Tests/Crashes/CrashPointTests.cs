using System.Text.RegularExpressions;
using Millrace.Conformance;
using Millrace.Diagnostics;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>Kills a worker with SIGKILL at every named point between fetch and final state, lets another drain, and judges what is left.</summary>
public sealed partial class CrashPointTests
{
    private const int MostInFlight = 8;
    private const int Killed = 137;

    /// <summary>Each point when it is first reached and later, when work of other kinds is around it; the quick lane takes one of each part of the way.</summary>
    public static TheoryData<string, int> Points
    {
        get
        {
            IReadOnlyList<string> names = FullLane.Runs ? CrashPoints.Names : ["fetch.claimed", "handle.returned", "settle.after-write", "sqlite.after-commit"];
            int[] visits = FullLane.Runs ? [0, 1, 2, 4] : [0];
            var points = new TheoryData<string, int>();
            foreach (var name in names)
                foreach (var after in visits)
                    points.Add(name, after);
            return points;
        }
    }

    [Theory(Timeout = SourceHarness.Guard)]
    [MemberData(nameof(Points))]
    public async Task Killed_at_a_point_nothing_is_lost_and_nothing_ends_twice(string point, int after)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var scenario = new CrashScenario();
        await scenario.FillAsync(stop);

        // Not killed would mean: not reached.
        Assert.Equal(Killed, await scenario.RunAsync(stop, point, after));
        scenario.Store.ElapseLeases();
        Assert.Equal(0, await scenario.RunAsync(stop));

        await CrashOracle.CheckStatesAsync(scenario, stop);
        var effects = Effect.Read(scenario.EffectsPath);
        CrashOracle.CheckEffects(scenario.Accepted, effects, kills: 1, MostInFlight);
        CrashOracle.CheckOrder(scenario.Accepted, effects);
        // Killed within a handler, it is known which: that is a crash of its own, and only of those that ran.
        if (point.StartsWith("handle.", StringComparison.Ordinal)) Assert.Contains(effects, effect => effect.Crashes == 1);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Killed_again_and_again_at_different_points_the_queue_still_drains()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var scenario = new CrashScenario();
        await scenario.FillAsync(stop);
        // Two kills stay below the three crashes after which a delivery counts as poison.
        string[] points = ["settle.before-write", "sqlite.after-commit"];
        foreach (var point in points)
        {
            Assert.Equal(Killed, await scenario.RunAsync(stop, point, after: 3));
            scenario.Store.ElapseLeases();
        }

        Assert.Equal(0, await scenario.RunAsync(stop));
        await CrashOracle.CheckStatesAsync(scenario, stop);
        var effects = Effect.Read(scenario.EffectsPath);
        CrashOracle.CheckEffects(scenario.Accepted, effects, points.Length, MostInFlight);
        CrashOracle.CheckOrder(scenario.Accepted, effects);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Without_a_kill_every_effect_happens_once()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var scenario = new CrashScenario();
        await scenario.FillAsync(stop);
        Assert.Equal(0, await scenario.RunAsync(stop));
        await CrashOracle.CheckStatesAsync(scenario, stop);
        var effects = Effect.Read(scenario.EffectsPath);
        CrashOracle.CheckEffects(scenario.Accepted, effects, kills: 0, MostInFlight);
        CrashOracle.CheckOrder(scenario.Accepted, effects);
    }

    [Fact]
    public void Every_point_in_the_code_is_on_the_list()
    {
        var reached = Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Find(), "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => ReachCall().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value);
        Assert.Equal(CrashPoints.Names.Order(), reached.Distinct().Order());
    }

    [GeneratedRegex("CrashPoints\\.Reach\\(\"([^\"]+)\"\\)")]
    private static partial Regex ReachCall();
}
