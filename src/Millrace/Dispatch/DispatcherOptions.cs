namespace Millrace.Dispatch;

/// <summary>Bounds of one dispatcher; checked by whoever makes it.</summary>
internal sealed record DispatcherOptions
{
    /// <summary>How many handler calls run at once.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Deliveries per handler call; 1 for handlers that take one.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>How long a delivery may wait for its batch to fill.</summary>
    public TimeSpan BatchMaxAge { get; init; }

    /// <summary>Most deliveries claimed and not settled at any time.</summary>
    public int MaxInFlight { get; init; } = 4096;

    /// <summary>Most bytes claimed and not settled at any time.</summary>
    public long MaxInFlightBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long one handler call may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}
