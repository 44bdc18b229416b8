namespace Millrace.Sources;

/// <summary>What a source does natively; the engine supplies the rest from a job store.</summary>
[Flags]
public enum SourceCapabilities
{
    /// <summary>Fetch and complete only.</summary>
    None = 0,

    /// <summary>Withholds the later deliveries of a key that is parked or claimed elsewhere (needs <see cref="Order.PerKey"/>).</summary>
    OrderedKeys = 1,

    /// <summary>Keeps a retry or a snooze until it is due.</summary>
    DelayedRetry = 1 << 1,

    /// <summary>Claims expire by the store's clock, bear a token and can be renewed.</summary>
    Leases = 1 << 2,

    /// <summary>Keeps dead letters.</summary>
    DeadLetters = 1 << 3,

    /// <summary>Counts the crashes of a delivery apart from its attempts.</summary>
    CrashCounts = 1 << 4,

    /// <summary>Fetches by priority.</summary>
    Priorities = 1 << 5,

    /// <summary>Completes, retries and dies in any order, not only as a prefix.</summary>
    OutOfOrderSettlement = 1 << 6,
}
