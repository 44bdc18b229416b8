using Millrace.Sources;

namespace Millrace.Storage;

/// <summary>A message on its way into a store.</summary>
public sealed record NewJob
{
    /// <summary>The queue, `[a-z0-9][a-z0-9._-]{0,62}`.</summary>
    public required string Queue { get; init; }

    /// <summary>Which kind of message the body holds.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The payload as bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The order key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The tenant, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>Headers to carry along.</summary>
    public MessageHeaders Headers { get; init; } = MessageHeaders.Empty;

    /// <summary>Time until it may run, by the store's clock; zero or less is at once.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>When it may run; wins over <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Smaller runs first, 0 to 255; ignored among keyed deliveries of a worker with order per key.</summary>
    public byte Priority { get; init; } = 100;

    /// <summary>A second job with the same id (per queue and tenant) within <see cref="DeduplicationWindow"/> is not stored.</summary>
    public string? DeduplicationId { get; init; }

    /// <summary>How long a deduplication id is remembered.</summary>
    /// <value>One hour.</value>
    public TimeSpan DeduplicationWindow { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The dead letter this job takes up again, or null.</summary>
    public string? RequeuedFrom { get; init; }
}

/// <summary>What became of a <see cref="NewJob"/>.</summary>
/// <param name="Id">The id of the stored job, or of the earlier one it duplicates.</param>
/// <param name="Duplicate">True when the deduplication id was known and nothing was stored.</param>
public readonly record struct EnqueueResult(string Id, bool Duplicate);
