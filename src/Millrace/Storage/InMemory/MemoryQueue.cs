using System.Runtime.InteropServices;
using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Storage.InMemory;

/// <summary>One queue: every change of state of its jobs is one method here, called under the store's lock.</summary>
internal sealed class MemoryQueue(InMemoryStore store, string name)
{
    private readonly MemoryReady _ready = new();
    private readonly PriorityQueue<MemoryJob, (long Due, long Order)> _delayed = new();
    private readonly Dictionary<string, MemoryKey> _keys = new(StringComparer.Ordinal);
    private readonly HashSet<MemoryKey> _withholding = [];
    private readonly Queue<MemoryJob> _finished = new();
    private long _delays;
    private long _waiting;
    private long _delayedCount;
    private long _leased;
    private long _dead;

    public string Name { get; } = name;

    public List<InMemorySource> Sources { get; } = [];

    public MemorySignal Signal { get; } = new(store.Gate, store.Time);

    public void Add(MemoryJob job, long due, long now)
    {
        if (job.Message.Key is { } key)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out _);
            state ??= new MemoryKey(key);
            state.Live++;
            job.Key = state;
        }

        if (due > now) Delay(job, due);
        else MakeReady(job);
    }

    /// <summary>Lets what is due become ready and takes lapsed claims away; comes before everything that looks at the queue.</summary>
    public void Advance(long now)
    {
        foreach (var source in Sources)
            while (source.Leases.First is { } lapsed && lapsed.LeaseUntil <= now)
            {
                if (lapsed.Running) lapsed.Crashes++;
                Release(lapsed);
            }

        while (_delayed.TryPeek(out var job, out var at) && at.Due <= now)
        {
            _delayed.Dequeue();
            if (job.State != JobState.Delayed) continue;
            Unpark(job);
            _delayedCount--;
            MakeReady(job);
        }
    }

    /// <summary>When time alone next changes something, in ticks.</summary>
    public long NextChange()
    {
        var next = _delayed.TryPeek(out _, out var at) ? at.Due : long.MaxValue;
        foreach (var source in Sources)
            if (source.Leases.First is { } first) next = Math.Min(next, first.LeaseUntil);
        return next;
    }

    public List<Delivery>? Claim(InMemorySource source, FetchLimit limit, long now)
    {
        if (_waiting == 0) return null;
        var until = now + source.Options.Lease.Ticks;
        var claimed = new List<Delivery>((int)Math.Min(limit.Count, _waiting));
        Claim(source, limit, until, claimed);
        if (claimed.Count < limit.Count && _withholding.Count > 0 && BringBackFor(source))
            Claim(source, limit, until, claimed);
        if (claimed.Count == 0) return null;
        Signal.Expect(until);
        return claimed;
    }

    private void Claim(InMemorySource source, FetchLimit limit, long until, List<Delivery> claimed)
    {
        // With order per key the place alone counts, or a key's urgent job would pass its older ones.
        var perKey = source.Options.Order == Order.PerKey;
        long bytes = 0;
        foreach (var earlier in claimed) bytes += earlier.Body.Length;
        while (claimed.Count < limit.Count && bytes < limit.Bytes && _ready.Take(byPlace: perKey) is { } job)
        {
            if (perKey && job.Key is { } key)
            {
                if (key.IsBlockedFor(source))
                {
                    key.Withheld.Add(job);
                    _withholding.Add(key);
                    continue;
                }

                // Older jobs of the key may have been withheld from another source only: they come first.
                if (key.Withheld.Count > 0)
                {
                    _ready.Add(job);
                    BringBack(key);
                    continue;
                }
            }

            _waiting--;
            _leased++;
            job.State = JobState.Leased;
            job.Token++;
            job.Running = false;
            job.Owner = source;
            job.LeaseUntil = until;
            job.Key?.Claimed(source);
            source.Leases.Append(job);
            bytes += job.Body.Length;
            claimed.Add(job.ToDelivery());
        }
    }

    /// <summary>A job withheld from one source may be meant for another: the key's owner, or one without order.</summary>
    private bool BringBackFor(InMemorySource source)
    {
        List<MemoryKey>? free = null;
        foreach (var key in _withholding)
            if (source.Options.Order != Order.PerKey || !key.IsBlockedFor(source))
                (free ??= []).Add(key);
        if (free is null) return false;
        foreach (var key in free) BringBack(key);
        return true;
    }

    /// <summary>Writes one outcome.</summary>
    /// <returns>False when the claim is lost.</returns>
    public bool Settle(Settlement settlement, DeadHeadPolicy deadHead, DateTimeOffset now)
    {
        if (Held(settlement.Delivery) is not { } job) return false;
        switch (settlement.Outcome)
        {
            case Outcome.CompletedOutcome:
                Unclaim(job);
                job.SpendAttempt(now, settlement.Outcome);
                Finish(job, JobState.Succeeded, now);
                break;
            case Outcome.CancelledOutcome:
                Unclaim(job);
                Finish(job, JobState.Cancelled, now);
                break;
            case Outcome.DeadOutcome:
                Unclaim(job);
                job.SpendAttempt(now, settlement.Outcome);
                Bury(job, deadHead, now);
                break;
            case Outcome.RetryOutcome retry:
                job.SpendAttempt(now, settlement.Outcome);
                Park(job, retry.Delay, now);
                break;
            case Outcome.SnoozedOutcome snoozed:
                if (snoozed.Delay > TimeSpan.Zero) job.Snoozes++;
                Park(job, snoozed.Delay, now);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        return true;
    }

    /// <summary>The job of <paramref name="delivery"/> while that very claim lives, else null.</summary>
    public static MemoryJob? Held(Delivery delivery) =>
        delivery.Receipt is MemoryJob job && job.State == JobState.Leased && job.Token == delivery.Token ? job : null;

    public static void Renew(MemoryJob job, long now)
    {
        var owner = job.Owner!;
        job.LeaseUntil = now + owner.Options.Lease.Ticks;
        owner.Leases.Remove(job);
        owner.Leases.Append(job);
    }

    /// <summary>Gives a claimed job back to its old place; it counts for nothing.</summary>
    public void Release(MemoryJob job) => Park(job, TimeSpan.Zero, store.Time.GetUtcNow());

    private void Park(MemoryJob job, TimeSpan delay, DateTimeOffset now)
    {
        if (job.CancelRequested)
        {
            Unclaim(job);
            Finish(job, JobState.Cancelled, now);
        }
        else if (delay > TimeSpan.Zero)
        {
            // Parked before it is let go, or the key would open for a moment.
            job.Parked = true;
            if (job.Key is not null) job.Key.Parked++;
            Unclaim(job);
            Delay(job, now.UtcTicks + delay.Ticks);
        }
        else
        {
            Unclaim(job);
            MakeReady(job);
        }
    }

    private void Bury(MemoryJob job, DeadHeadPolicy deadHead, DateTimeOffset now)
    {
        job.State = JobState.Dead;
        job.FinishedAt = now;
        _dead++;
        store.Bury(job);
        if (deadHead == DeadHeadPolicy.Hold && job.Key is { } key)
        {
            job.HoldsKey = true;
            key.Held++;
        }
        else Leave(job);
    }

    public void Cancel(MemoryJob job, DateTimeOffset now)
    {
        switch (job.State)
        {
            case JobState.Leased:
                job.CancelRequested = true;
                return;
            case JobState.Waiting:
                _waiting--;
                break;
            case JobState.Delayed:
                _delayedCount--;
                break;
            default:
                return;
        }

        Finish(job, JobState.Cancelled, now);
        if (job.Parked) Unpark(job);
    }

    /// <summary>The dead letter is taken up by <paramref name="heir"/>; a held head hands its place on.</summary>
    public void Requeue(MemoryJob dead, MemoryJob heir, DateTimeOffset now)
    {
        if (dead.HoldsKey) heir.Seq = dead.Seq;
        Add(heir, due: 0, now.UtcTicks);
        Forget(dead);
    }

    /// <summary>The dead letter is one no more; what waited for it goes on.</summary>
    public void Forget(MemoryJob dead)
    {
        _dead--;
        Retain(dead);
        if (!dead.HoldsKey) return;
        dead.HoldsKey = false;
        dead.Key!.Held--;
        var key = dead.Key;
        Leave(dead);
        if (key.Live > 0) OpenKey(key);
    }

    /// <summary>Drops finished jobs older than <paramref name="before"/>.</summary>
    public int Prune(DateTimeOffset before)
    {
        var pruned = 0;
        while (_finished.TryPeek(out var oldest) && oldest.FinishedAt < before)
        {
            store.Drop(_finished.Dequeue());
            pruned++;
        }

        return pruned;
    }

    /// <summary>Counts, and the age of the job at the front; one that became due later counts from its place.</summary>
    public QueueCounts Count()
    {
        var oldest = _ready.Oldest();
        foreach (var key in _withholding)
            foreach (var job in key.Withheld)
                if (job.State == JobState.Waiting && !(oldest <= job.EnqueuedAt)) oldest = job.EnqueuedAt;
        return new(_waiting, _delayedCount, _leased, _dead, oldest);
    }

    private void MakeReady(MemoryJob job)
    {
        job.State = JobState.Waiting;
        _waiting++;
        _ready.Add(job);
        Signal.Raise();
    }

    private void Delay(MemoryJob job, long due)
    {
        job.State = JobState.Delayed;
        job.DueAt = new DateTimeOffset(due, TimeSpan.Zero);
        _delayedCount++;
        _delayed.Enqueue(job, (due, ++_delays));
        Signal.Expect(due);
    }

    private void Unpark(MemoryJob job)
    {
        if (!job.Parked) return;
        job.Parked = false;
        if (job.Key is null) return;
        job.Key.Parked--;
        OpenKey(job.Key);
    }

    private void Unclaim(MemoryJob job)
    {
        _leased--;
        job.Owner!.Leases.Remove(job);
        job.Owner = null;
        job.Running = false;
        if (job.Key is null) return;
        job.Key.Unclaimed();
        if (job.Key.Leased == 0) OpenKey(job.Key);
    }

    private void OpenKey(MemoryKey key)
    {
        if (key.Withheld.Count > 0 && key.Parked == 0 && key.Held == 0) BringBack(key);
    }

    private void BringBack(MemoryKey key)
    {
        foreach (var job in key.Withheld)
            if (job.State == JobState.Waiting) _ready.Add(job);
        key.Withheld.Clear();
        _withholding.Remove(key);
        Signal.Raise();
    }

    private void Finish(MemoryJob job, JobState state, DateTimeOffset now)
    {
        job.State = state;
        job.FinishedAt = now;
        Leave(job);
        Retain(job);
    }

    private void Retain(MemoryJob job)
    {
        if (store.Retention.MaxCount == 0)
        {
            store.Drop(job);
            return;
        }

        _finished.Enqueue(job);
        if (_finished.Count > store.Retention.MaxCount) store.Drop(_finished.Dequeue());
    }

    private void Leave(MemoryJob job)
    {
        if (job.Key is { } key && --key.Live == 0)
        {
            _keys.Remove(key.Name);
            _withholding.Remove(key);
        }
    }
}
