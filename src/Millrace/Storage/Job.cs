namespace Millrace.Storage;

/// <summary>Where a job is in its life; the last three are final (reference: invariant I2).</summary>
public enum JobState
{
    /// <summary>Ready to be claimed.</summary>
    Waiting,

    /// <summary>Waits for its time: a delayed publish, a retry or a snooze.</summary>
    Delayed,

    /// <summary>Claimed by a worker.</summary>
    Leased,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>A dead letter.</summary>
    Dead,

    /// <summary>Cancelled by somebody.</summary>
    Cancelled,
}

/// <summary>One failed attempt.</summary>
/// <param name="At">When, by the store's clock.</param>
/// <param name="Attempt">Which attempt, from 1.</param>
/// <param name="Reason">One line.</param>
/// <param name="Detail">The error in full, or null.</param>
public sealed record AttemptError(DateTimeOffset At, int Attempt, string Reason, string? Detail);

/// <summary>A job as a store shows it to somebody who looks.</summary>
public sealed record Job
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required JobState State { get; init; }

    /// <summary>Which kind of message.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The order key, or null.</summary>
    public string? Key { get; init; }

    /// <summary>The tenant, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>Attempts spent.</summary>
    public int Attempts { get; init; }

    /// <summary>Crashes counted.</summary>
    public int Crashes { get; init; }

    /// <summary>Snoozes counted.</summary>
    public int Snoozes { get; init; }

    /// <summary>The fencing token of the latest claim.</summary>
    public long Token { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>When it may run next, for a delayed one.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When it reached its final state.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Every failed attempt, oldest first; the newest 20 are kept.</summary>
    public IReadOnlyList<AttemptError> Errors { get; init; } = [];

    /// <summary>The dead letter this job takes up again, or null.</summary>
    public string? RequeuedFrom { get; init; }
}

/// <summary>How many jobs of a queue are in which state.</summary>
/// <param name="Waiting">Ready.</param>
/// <param name="Delayed">Not due yet.</param>
/// <param name="Leased">Claimed.</param>
/// <param name="Dead">Dead letters not yet requeued or discarded.</param>
/// <param name="OldestWaiting">When the oldest ready job was stored, or null.</param>
public readonly record struct QueueCounts(long Waiting, long Delayed, long Leased, long Dead, DateTimeOffset? OldestWaiting);
