using System.Text;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>Judges by the ledger of what was accepted, the effects and the database, never by what a child says of itself.</summary>
internal static class CrashOracle
{
    /// <summary>I1, I2: whatever was accepted is in exactly one final state, the one its script leads to, and nothing else is there.</summary>
    public static async Task CheckStatesAsync(CrashScenario scenario, CancellationToken stop)
    {
        var dead = 0;
        await using (var store = await scenario.OpenAsync())
        {
            foreach (var (id, job) in scenario.Accepted)
            {
                var wanted = Script(job) == "dead" ? JobState.Dead : JobState.Succeeded;
                Assert.Equal(wanted, (await store.FindAsync(id, stop))?.State);
                if (wanted == JobState.Dead) dead++;
            }

            Assert.Equal(dead, await store.ListDeadLettersAsync(new DeadLetterFilter(), stop).CountAsync(stop));
            Assert.Equal(dead, (await store.CountAsync(CrashScenario.Queue, stop)).Dead);
        }

        Assert.Equal(0, scenario.Store.Count("jobs"));
        Assert.Equal(dead, scenario.Store.Count("dead_letters"));
        Assert.Equal(scenario.Accepted.Count + CrashScenario.PublishedByChild - dead, scenario.Store.Count("finished"));
        Assert.Equal(0, scenario.Store.Count("owners"));
    }

    /// <summary>Effects happen at least once, and twice at most for what was in flight at a kill; attempts and crashes are told apart.</summary>
    /// <param name="accepted">The accepted jobs by id.</param>
    /// <param name="effects">What the children did.</param>
    /// <param name="kills">How many children were killed.</param>
    /// <param name="mostInFlight">How much each had in hand at most.</param>
    /// <param name="together">Whether children ran beside each other, so that one saw the crashes of later ones.</param>
    public static void CheckEffects(IReadOnlyDictionary<string, NewJob> accepted, IReadOnlyList<Effect> effects, int kills, int mostInFlight, bool together = false)
    {
        var doubled = 0;
        var effectsOf = effects.ToLookup(effect => effect.Id);
        foreach (var (id, job) in accepted)
        {
            var own = effectsOf[id].ToArray();
            var (once, attempts) = Script(job) switch { "retry" => (2, 2), "snooze" => (2, 1), _ => (1, 1) };
            Assert.InRange(own.Length, once, once + kills);
            doubled += own.Length - once;
            // I5: a kill spends no attempt; a crash counts once for each kill at most.
            Assert.Equal(attempts, own[^1].Attempt);
            Assert.All(own, effect => Assert.InRange(effect.Crashes, 0, together ? kills : effect.Run - 1));
        }

        Assert.InRange(doubled, 0, kills * mostInFlight);
        Assert.Empty(effects.Select(effect => effect.Id).Except(accepted.Keys).Skip(CrashScenario.PublishedByChild * (kills + 1)));
    }

    /// <summary>I10: within one process a key's jobs run in the order they were accepted, and so do their first effects over all.</summary>
    public static void CheckOrder(IReadOnlyDictionary<string, NewJob> accepted, IReadOnlyList<Effect> effects)
    {
        var places = accepted.Keys.Select((id, place) => (id, place)).ToDictionary(pair => pair.id, pair => pair.place);
        foreach (var key in effects.Where(effect => effect.Key != "-").GroupBy(effect => effect.Key))
        {
            foreach (var run in key.GroupBy(effect => effect.Run)) CheckAscending(run);
            CheckAscending(key.DistinctBy(effect => effect.Id));
        }

        void CheckAscending(IEnumerable<Effect> ordered)
        {
            var got = ordered.Select(effect => places[effect.Id]).ToArray();
            Assert.Equal(got.Order(), got);
        }
    }

    /// <summary>What the body of a job tells the child to do with it.</summary>
    public static string Script(NewJob job) => Encoding.UTF8.GetString(job.Body.Span);
}
