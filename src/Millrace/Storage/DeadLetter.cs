using Millrace.Sources;

namespace Millrace.Storage;

/// <summary>A delivery that died, with all it takes to understand it and to run it again.</summary>
public sealed record DeadLetter
{
    /// <summary>The id of the job that died.</summary>
    public required string Id { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Which kind of message.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The payload as bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The order key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The tenant, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>The headers as published.</summary>
    public MessageHeaders Headers { get; init; } = MessageHeaders.Empty;

    /// <summary>Why it died, in one line.</summary>
    public required string Reason { get; init; }

    /// <summary>Every failed attempt, oldest first, the last being the one it died of.</summary>
    public IReadOnlyList<AttemptError> Errors { get; init; } = [];

    /// <summary>Attempts spent.</summary>
    public int Attempts { get; init; }

    /// <summary>Crashes counted.</summary>
    public int Crashes { get; init; }

    /// <summary>Where the source held it: a stream entry, a partition and offset, a row.</summary>
    public string Position { get; init; } = "";

    /// <summary>When it was published.</summary>
    public DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it died.</summary>
    public DateTimeOffset DiedAt { get; init; }

    /// <summary>The dead letter this one took up again, or null.</summary>
    public string? RequeuedFrom { get; init; }

    /// <summary>True while its key waits for somebody's decision (<see cref="DeadHeadPolicy.Hold"/>).</summary>
    public bool HoldsKey { get; init; }
}

/// <summary>Which dead letters are meant; every member that is set must match.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>These ids only.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>This queue only.</summary>
    public string? Queue { get; init; }

    /// <summary>This tenant only.</summary>
    public string? Tenant { get; init; }

    /// <summary>This key only.</summary>
    public string? Key { get; init; }

    /// <summary>The reason contains this text (ordinal).</summary>
    public string? ReasonContains { get; init; }

    /// <summary>Died at this time or later.</summary>
    public DateTimeOffset? DiedFrom { get; init; }

    /// <summary>Died before this time.</summary>
    public DateTimeOffset? DiedBefore { get; init; }

    /// <summary>At most so many, oldest first.</summary>
    public int? Limit { get; init; }
}
