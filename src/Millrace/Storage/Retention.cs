namespace Millrace.Storage;

/// <summary>How long finished jobs stay visible.</summary>
public sealed record Retention
{
    /// <summary>Finished jobs older than this are pruned.</summary>
    /// <value>One hour.</value>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>At most so many finished jobs a queue are kept; 0 keeps none and makes completion cheapest.</summary>
    /// <value>1,000.</value>
    public int MaxCount { get; init; } = 1_000;
}
