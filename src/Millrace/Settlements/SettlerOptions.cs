namespace Millrace.Settlements;

/// <summary>Bounds of one settler; checked by whoever makes it.</summary>
internal sealed record SettlerOptions
{
    /// <summary>Most settlements in one write.</summary>
    public int BatchSize { get; init; } = 1000;

    /// <summary>How long a settlement may wait for company; counted from the first one, never put off by later ones.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>First wait after a failed write; doubles up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between two tries.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);
}
