namespace Millrace.Sources;

/// <summary>How a worker wants its source opened.</summary>
public sealed record SourceOptions
{
    /// <summary>The queue to fetch from.</summary>
    public required string Queue { get; init; }

    /// <summary>Which deliveries wait for each other.</summary>
    public Order Order { get; init; }

    /// <summary>What becomes of a key whose head died.</summary>
    public DeadHeadPolicy DeadHead { get; init; }

    /// <summary>How long a claim lives without renewal, by the store's clock.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);
}
