namespace Bench;

/// <summary>One command of the bench program.</summary>
internal interface IBenchmark
{
    /// <summary>What the user types.</summary>
    string Name { get; }

    /// <summary>What it compares, in one line.</summary>
    string Summary { get; }

    /// <summary>Runs all contenders, prints figures and ratios, and returns the exit code: 0, or 1 when a goal is missed.</summary>
    Task<int> RunAsync(string[] args, CancellationToken stopping);
}
