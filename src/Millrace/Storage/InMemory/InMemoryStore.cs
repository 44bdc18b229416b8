using System.Globalization;
using System.Runtime.CompilerServices;
using Millrace.Sources;

namespace Millrace.Storage.InMemory;

/// <summary>A job store and source in memory, for tests of handlers and for the quick suite: complete in what it does, and nothing survives the process.</summary>
public sealed class InMemoryStore : JobStore
{
    private readonly Dictionary<long, MemoryJob> _jobs = [];
    private readonly Dictionary<string, MemoryQueue> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Queue, string? Tenant, string Id), (string Job, DateTimeOffset Until)> _known = [];
    private readonly SortedDictionary<long, MemoryJob> _dead = [];
    private readonly Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);
    private readonly List<AuditEntry> _audit = [];
    private long _numbers;
    private long _deaths;

    /// <summary>An empty store whose clock is <paramref name="time"/> (the system's when null) and that keeps finished jobs as <paramref name="retention"/> says.</summary>
    public InMemoryStore(TimeProvider? time = null, Retention? retention = null)
    {
        Time = time ?? TimeProvider.System;
        Retention = retention ?? new Retention();
        ArgumentOutOfRangeException.ThrowIfNegative(Retention.MaxCount, nameof(retention));
    }

    /// <inheritdoc/>
    public override string MessagingSystem => "memory";

    internal TimeProvider Time { get; }

    internal Retention Retention { get; }

    internal Lock Gate { get; } = new();

    /// <inheritdoc/>
    public override ValueTask<Durability> OpenAsync(CancellationToken stopping) =>
        new(new Durability(false, ["the store is in memory: nothing survives the process"]));

    /// <inheritdoc/>
    public override ValueTask<string?> CheckAsync(CancellationToken stopping) => new((string?)null);

    /// <inheritdoc/>
    public override Source OpenSource(SourceOptions options) => new InMemorySource(this, options);

    /// <inheritdoc/>
    protected override ValueTask<IReadOnlyList<EnqueueResult>> EnqueueCoreAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        var results = new EnqueueResult[jobs.Count];
        lock (Gate)
        {
            var now = Time.GetUtcNow();
            foreach (var job in jobs) JobRules.DueAt(job, now);
            for (var i = 0; i < results.Length; i++) results[i] = Enqueue(jobs[i], now);
        }

        return new(results);
    }

    private EnqueueResult Enqueue(NewJob message, DateTimeOffset now)
    {
        if (message.DeduplicationId is { } id)
        {
            var known = (message.Queue, message.Tenant, id);
            if (_known.TryGetValue(known, out var earlier) && now < earlier.Until) return new(earlier.Job, Duplicate: true);
            _known[known] = ((_numbers + 1).ToString(CultureInfo.InvariantCulture), now + message.DeduplicationWindow);
        }

        var job = Store(message, message.RequeuedFrom, now);
        QueueOf(message.Queue).Add(job, JobRules.DueAt(message, now)?.UtcTicks ?? 0, now.UtcTicks);
        return new(job.Id(), Duplicate: false);
    }

    // The body is copied: its owner may use the buffer again once the job is accepted.
    private MemoryJob Store(NewJob message, string? requeuedFrom, DateTimeOffset now)
    {
        var job = new MemoryJob(++_numbers, message, message.Body.ToArray(), now) { RequeuedFrom = requeuedFrom };
        _jobs.Add(job.Number, job);
        return job;
    }

    /// <inheritdoc/>
    public override ValueTask<Job?> FindAsync(string id, CancellationToken stopping)
    {
        lock (Gate) return new(Look(id)?.ToJob());
    }

    /// <inheritdoc/>
    public override ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(actor);
        lock (Gate)
        {
            if (Look(id) is not { } job) return new((JobState?)null);
            var found = job.State;
            if (found is JobState.Waiting or JobState.Delayed or JobState.Leased)
            {
                var now = Time.GetUtcNow();
                QueueOf(job.Message.Queue).Cancel(job, now);
                _audit.Add(new AuditEntry(now, actor, "cancel", id, null));
            }

            return new(found);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping)
    {
        lock (Gate)
        {
            var counted = QueueOf(queue);
            counted.Advance(Time.GetUtcNow().UtcTicks);
            return new(counted.Count());
        }
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        DeadLetter[] letters;
        lock (Gate) letters = [.. Matching(filter).Select(job => job.ToDeadLetter())];
        foreach (var letter in letters)
        {
            stopping.ThrowIfCancellationRequested();
            yield return letter;
        }

        await ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<string>> RequeueAsync(DeadLetterFilter filter, string actor, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        lock (Gate)
        {
            var now = Time.GetUtcNow();
            var heirs = new List<string>();
            foreach (var dead in Matching(filter).ToArray())
            {
                var heir = Store(dead.Message with { Body = dead.Body }, dead.Id(), now);
                _dead.Remove(dead.DeathOrder);
                QueueOf(dead.Message.Queue).Requeue(dead, heir, now);
                heirs.Add(heir.Id());
            }

            if (heirs.Count > 0) Audit(filter, actor, "requeue", heirs.Count, now);
            return new(heirs);
        }
    }

    /// <inheritdoc/>
    public override ValueTask<int> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        lock (Gate)
        {
            var now = Time.GetUtcNow();
            var discarded = Matching(filter).ToArray();
            foreach (var dead in discarded)
            {
                _dead.Remove(dead.DeathOrder);
                QueueOf(dead.Message.Queue).Forget(dead);
            }

            if (discarded.Length > 0) Audit(filter, actor, "discard", discarded.Length, now);
            return new(discarded.Length);
        }
    }

    private void Audit(DeadLetterFilter filter, string actor, string action, int count, DateTimeOffset now) =>
        _audit.Add(new AuditEntry(now, actor, action, filter.Ids is [var one] ? one : filter.Queue ?? "*", $"{count} dead letters"));

    /// <inheritdoc/>
    public override ValueTask SetPauseAsync(string worker, Pause? pause, string actor, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(worker);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        lock (Gate)
        {
            if (pause is null) _pauses.Remove(worker);
            else _pauses[worker] = pause;
            _audit.Add(new AuditEntry(Time.GetUtcNow(), actor, pause is null ? "resume" : "pause", worker, pause?.Reason));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping)
    {
        lock (Gate) return new([.. _pauses.Values]);
    }

    /// <inheritdoc/>
    public override ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(actor);
        ArgumentException.ThrowIfNullOrEmpty(action);
        lock (Gate) _audit.Add(new AuditEntry(Time.GetUtcNow(), actor, action, target, detail));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        lock (Gate) return new([.. _audit.AsEnumerable().Reverse().Take(limit)]);
    }

    /// <inheritdoc/>
    public override ValueTask<int> PruneAsync(CancellationToken stopping)
    {
        lock (Gate)
        {
            var now = Time.GetUtcNow();
            foreach (var (known, earlier) in _known.Where(entry => entry.Value.Until <= now).ToArray()) _known.Remove(known);
            return new(_queues.Values.Sum(queue => queue.Prune(now - Retention.MaxAge)));
        }
    }

    /// <inheritdoc/>
    protected override ValueTask DisposeCoreAsync()
    {
        lock (Gate)
            foreach (var queue in _queues.Values) queue.Signal.Close();
        return ValueTask.CompletedTask;
    }

    internal MemoryQueue QueueOf(string name)
    {
        if (!_queues.TryGetValue(name, out var queue)) _queues.Add(name, queue = new MemoryQueue(this, name));
        return queue;
    }

    internal void Bury(MemoryJob job) => _dead.Add(job.DeathOrder = ++_deaths, job);

    internal void Drop(MemoryJob job) => _jobs.Remove(job.Number);

    private IEnumerable<MemoryJob> Matching(DeadLetterFilter filter) =>
        _dead.Values.Where(job => job.Matches(filter)).Take(filter.Limit ?? int.MaxValue);

    private MemoryJob? Look(string id)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !_jobs.TryGetValue(number, out var job)) return null;
        QueueOf(job.Message.Queue).Advance(Time.GetUtcNow().UtcTicks);
        return _jobs.GetValueOrDefault(number);
    }
}
