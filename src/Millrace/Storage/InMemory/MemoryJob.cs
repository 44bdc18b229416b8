using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Storage.InMemory;

/// <summary>One row: a job with its place, its claim and its history. Changed under the store's lock only, but for <see cref="Running"/>.</summary>
internal sealed class MemoryJob(long number, NewJob message, ReadOnlyMemory<byte> body, DateTimeOffset enqueuedAt)
{
    private const int ErrorsKept = 20;

    public long Number { get; } = number;
    public NewJob Message { get; } = message;
    public ReadOnlyMemory<byte> Body { get; } = body;
    public DateTimeOffset EnqueuedAt { get; } = enqueuedAt;
    public string? RequeuedFrom { get; init; }

    /// <summary>The place in the queue; 0 until it is first ready, then kept through retries, snoozes and lost claims.</summary>
    public long Seq { get; set; }

    public JobState State { get; set; }
    public int Attempts { get; set; }
    public int Crashes { get; set; }
    public int Snoozes { get; set; }
    public DateTimeOffset? DueAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public List<AttemptError>? Errors { get; private set; }

    /// <summary>Delayed by a retry or a snooze, so that its key waits for it; a delayed publish makes nobody wait.</summary>
    public bool Parked { get; set; }

    public bool CancelRequested { get; set; }
    public bool HoldsKey { get; set; }

    /// <summary>Where it stands among the dead letters; 0 when it is none, or none any more.</summary>
    public long DeathOrder { get; set; }

    public MemoryKey? Key { get; set; }

    public long Token { get; set; }
    public InMemorySource? Owner { get; set; }
    public long LeaseUntil { get; set; }

    /// <summary>A handler runs it; written without the lock by the one process that can hold the claim.</summary>
    public volatile bool Running;

    public MemoryJob? NextReady { get; set; }
    public MemoryJob? PreviousLease { get; set; }
    public MemoryJob? NextLease { get; set; }

    public Delivery ToDelivery() => new(Number)
    {
        Queue = Message.Queue,
        Kind = Message.Kind,
        Body = Body,
        Key = Message.Key,
        Tenant = Message.Tenant,
        Headers = Message.Headers,
        Attempt = Attempts + 1,
        Crashes = Crashes,
        Snoozes = Snoozes,
        EnqueuedAt = EnqueuedAt,
        RequeuedFrom = RequeuedFrom,
        Token = Token,
        Receipt = this,
    };

    public Job ToJob() => new()
    {
        Id = Id(),
        Queue = Message.Queue,
        State = State,
        Kind = Message.Kind,
        Key = Message.Key,
        Tenant = Message.Tenant,
        Attempts = Attempts,
        Crashes = Crashes,
        Snoozes = Snoozes,
        Token = Token,
        EnqueuedAt = EnqueuedAt,
        DueAt = State == JobState.Delayed ? DueAt : null,
        FinishedAt = FinishedAt,
        Errors = Errors is null ? [] : [.. Errors],
        RequeuedFrom = RequeuedFrom,
    };

    public DeadLetter ToDeadLetter() => new()
    {
        Id = Id(),
        Queue = Message.Queue,
        Kind = Message.Kind,
        Body = Body,
        Key = Message.Key,
        Tenant = Message.Tenant,
        Headers = Message.Headers,
        Reason = Errors![^1].Reason,
        Errors = [.. Errors],
        Attempts = Attempts,
        Crashes = Crashes,
        Position = Id(),
        EnqueuedAt = EnqueuedAt,
        DiedAt = FinishedAt!.Value,
        RequeuedFrom = RequeuedFrom,
        HoldsKey = HoldsKey,
    };

    public string Id() => Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public bool Matches(DeadLetterFilter filter) =>
        (filter.Queue is null || filter.Queue == Message.Queue)
        && (filter.Tenant is null || filter.Tenant == Message.Tenant)
        && (filter.Key is null || filter.Key == Message.Key)
        && (filter.ReasonContains is null || Errors![^1].Reason.Contains(filter.ReasonContains, StringComparison.Ordinal))
        && (filter.DiedFrom is null || FinishedAt >= filter.DiedFrom)
        && (filter.DiedBefore is null || FinishedAt < filter.DiedBefore)
        && (filter.Ids is null || filter.Ids.Contains(Id()));

    public void SpendAttempt(DateTimeOffset at, Outcome outcome)
    {
        Attempts++;
        var error = outcome switch
        {
            Outcome.RetryOutcome retry => new AttemptError(at, Attempts, retry.Reason, retry.Detail),
            Outcome.DeadOutcome dead => new AttemptError(at, Attempts, dead.Reason, dead.Detail),
            _ => null,
        };
        if (error is null) return;
        Errors ??= [];
        if (Errors.Count == ErrorsKept) Errors.RemoveAt(0);
        Errors.Add(error);
    }
}
