using Millrace.Sources;

namespace Millrace.Storage;

/// <summary>Durable state of queues: jobs, dead letters, pauses and the audit trail. Every action of an operator writes exactly one audit entry in its own transaction.</summary>
public abstract class JobStore : IAsyncDisposable
{
    /// <summary>The messaging system's name in traces and metrics.</summary>
    public abstract string MessagingSystem { get; }

    /// <summary>Opens the store, applies migrations and checks its settings; call once before anything else.</summary>
    /// <exception cref="StoreException">The store cannot be used.</exception>
    public abstract ValueTask<Durability> OpenAsync(CancellationToken stopping);

    /// <summary>Answers whether the store can be written and read now; null when it can, else the reason in one line.</summary>
    public abstract ValueTask<string?> CheckAsync(CancellationToken stopping);

    /// <summary>A source over one queue of this store; dispose it before the store.</summary>
    public abstract Source OpenSource(SourceOptions options);

    /// <summary>Stores the jobs as one unit: when it returns they are accepted.</summary>
    /// <returns>One result a job, in order.</returns>
    /// <exception cref="ArgumentException">A job that no store takes: a bad queue name, a deduplication id over 255 bytes, a body over the limit.</exception>
    public ValueTask<IReadOnlyList<EnqueueResult>> EnqueueAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        foreach (var job in jobs) JobRules.Check(job);
        return jobs.Count == 0 ? new([]) : EnqueueCoreAsync(jobs, stopping);
    }

    /// <summary>The job with <paramref name="id"/>, or null when it is unknown or was pruned.</summary>
    public abstract ValueTask<Job?> FindAsync(string id, CancellationToken stopping);

    /// <summary>Cancels a job: a waiting or delayed one at once, a leased one as soon as its worker renews.</summary>
    /// <returns>The state found; a final state means nothing was done.</returns>
    public abstract ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping);

    /// <summary>How many jobs of <paramref name="queue"/> are in which state.</summary>
    public abstract ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping);

    /// <summary>The dead letters that match, oldest first.</summary>
    public abstract IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, CancellationToken stopping);

    /// <summary>Makes a new job of each dead letter that matches, linked by <see cref="Job.RequeuedFrom"/>; the old one is dead letter no more.</summary>
    /// <returns>The new jobs' ids, oldest dead letter first.</returns>
    public abstract ValueTask<IReadOnlyList<string>> RequeueAsync(DeadLetterFilter filter, string actor, CancellationToken stopping);

    /// <summary>Removes each dead letter that matches; held keys go on.</summary>
    /// <returns>How many.</returns>
    public abstract ValueTask<int> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken stopping);

    /// <summary>Pauses (<paramref name="pause"/>) or resumes (null) a worker in every process on this store, also after restart.</summary>
    public abstract ValueTask SetPauseAsync(string worker, Pause? pause, string actor, CancellationToken stopping);

    /// <summary>The pauses in force.</summary>
    public abstract ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping);

    /// <summary>Adds an audit entry for an action that changes nothing else in the store.</summary>
    public abstract ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping);

    /// <summary>The newest <paramref name="limit"/> audit entries, newest first.</summary>
    public abstract ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping);

    /// <summary>Removes finished jobs and forgotten deduplication ids beyond the retention, in small steps that block nobody.</summary>
    /// <returns>How many finished jobs were removed.</returns>
    public abstract ValueTask<int> PruneAsync(CancellationToken stopping);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DisposeCoreAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>See <see cref="EnqueueAsync"/>; at least one job, each checked.</summary>
    protected abstract ValueTask<IReadOnlyList<EnqueueResult>> EnqueueCoreAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping);

    /// <summary>Closes the store; twice is harmless.</summary>
    protected abstract ValueTask DisposeCoreAsync();
}
