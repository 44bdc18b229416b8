using Millrace.Sources;

namespace Millrace.Publishing;

/// <summary>What a publisher may say about a message.</summary>
public sealed record PublishOptions
{
    /// <summary>Nothing said.</summary>
    public static PublishOptions None { get; } = new();

    /// <summary>Which kind of message the body holds.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The order key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The tenant, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>Headers to carry along; the current trace context is added to them.</summary>
    public MessageHeaders Headers { get; init; } = MessageHeaders.Empty;

    /// <summary>Time until it may run, up to 366 days.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>When it may run; wins over <see cref="Delay"/>; the past is now.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Smaller runs first, 0 to 255.</summary>
    /// <value>100.</value>
    public byte Priority { get; init; } = 100;

    /// <summary>A second message with the same id within the window is not stored; up to 255 bytes.</summary>
    public string? DeduplicationId { get; init; }

    /// <summary>How long the id is remembered.</summary>
    /// <value>One hour.</value>
    public TimeSpan DeduplicationWindow { get; init; } = TimeSpan.FromHours(1);
}
