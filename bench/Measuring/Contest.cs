namespace Bench.Measuring;

/// <summary>Runs contenders one after the other, round after round, so that what disturbs the machine disturbs them all, and takes medians.</summary>
internal static class Contest
{
    /// <summary>Runs one round to warm up and <paramref name="rounds"/> that count.</summary>
    /// <param name="rounds">At least 3.</param>
    /// <param name="contenders">In the order of running; each returns how many units it has processed.</param>
    public static IReadOnlyDictionary<string, Measurement> Run(int rounds, params (string Name, Func<long> Work)[] contenders)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 3);
        foreach (var (_, work) in contenders) Measurement.Of(work);
        var measured = contenders.ToDictionary(contender => contender.Name, _ => new List<Measurement>());
        for (var round = 0; round < rounds; round++)
            foreach (var (name, work) in contenders) measured[name].Add(Measurement.Of(work));
        return measured.ToDictionary(pair => pair.Key, pair => Measurement.MedianOf(pair.Value));
    }
}
