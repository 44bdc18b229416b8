using Millrace.Sources;

namespace Millrace.Redis.Fetching;

/// <summary>What one look at a queue brought.</summary>
internal sealed record Fetched
{
    /// <summary>Nothing, and nothing is known but that.</summary>
    public static Fetched Nothing { get; } = new();

    /// <summary>In dispatch order.</summary>
    public IReadOnlyList<Delivery> Deliveries { get; init; } = [];

    /// <summary>Entries that hold no message of ours, claimed like the others, or null.</summary>
    public IReadOnlyList<Delivery>? Foreign { get; init; }

    /// <summary>Ids of deliveries that may have been running when a process died.</summary>
    public IReadOnlyList<string> Suspects { get; init; } = [];

    /// <summary>With no deliveries: where to sleep; null when one must look again first.</summary>
    public SleepAt? Sleep { get; init; }

    /// <summary>Whose claims they are.</summary>
    public string Owner { get; init; } = "";

    /// <summary>With order per key: whether nobody else has a delivery of the queue, and no key or delivery waited for its turn.</summary>
    public bool Alone { get; init; }

    /// <summary>Ids of entries that are gone although nobody finished them.</summary>
    public IReadOnlyList<string> Lost { get; init; } = [];

    /// <summary>Deliveries taken back from consumers that died.</summary>
    public long TakenBack { get; init; }

    /// <summary>How many of those had a handler running.</summary>
    public long Crashed { get; init; }
}

/// <summary>The positions behind which something new wakes a sleeper, and when it must look in any case.</summary>
internal readonly record struct SleepAt(string Delivered, string Woken, TimeSpan? NextDue);
