namespace Bench.Measuring;

/// <summary>Prints a ratio beside its goal.</summary>
internal static class Verdict
{
    /// <summary>True when <paramref name="value"/> is at least the goal.</summary>
    public static bool Print(string what, double value, double atLeast) => Say(what, value, $"at least {atLeast:0.##}", value >= atLeast);

    /// <summary>True when <paramref name="value"/> is at most the goal.</summary>
    public static bool PrintAtMost(string what, double value, double most) => Say(what, value, $"at most {most:0.##}", value <= most);

    private static bool Say(string what, double value, string goal, bool met)
    {
        Console.WriteLine($"{what}: {value:0.00} (goal: {goal}) {(met ? "met" : "MISSED")}");
        return met;
    }
}
