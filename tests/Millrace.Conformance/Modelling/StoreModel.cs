using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Modelling;

/// <summary>The rules of a job store in plain lists: slow, and obviously right. It follows what the store answers and says when that breaks a rule.</summary>
internal sealed class StoreModel(Order order, DeadHeadPolicy deadHead, bool leasesByOwner)
{
    private readonly List<ModelJob> _jobs = [];
    private readonly Dictionary<string, (string Job, DateTimeOffset Until)> _known = [];
    private long _places;

    public IReadOnlyList<ModelJob> Jobs => _jobs;

    public ModelJob this[string id] => _jobs.Single(job => job.Id == id);

    public void Enqueued(NewJob job, EnqueueResult result, DateTimeOffset now)
    {
        var known = job.DeduplicationId is { } id && _known.TryGetValue(id, out var earlier) && now < earlier.Until ? earlier.Job : null;
        Assert.Equal(known is not null, result.Duplicate);
        if (known is not null)
        {
            Assert.Equal(known, result.Id);
            return;
        }

        Assert.DoesNotContain(_jobs, other => other.Id == result.Id);
        if (job.DeduplicationId is not null) _known[job.DeduplicationId] = (result.Id, now + job.DeduplicationWindow);
        var delayed = job.Delay > TimeSpan.Zero;
        _jobs.Add(new ModelJob
        {
            Id = result.Id,
            Key = job.Key,
            Place = delayed ? null : ++_places,
            State = delayed ? JobState.Delayed : JobState.Waiting,
            Due = now + job.Delay,
        });
    }

    /// <summary>What <paramref name="source"/> may be given now.</summary>
    public List<ModelJob> Eligible(int source, DateTimeOffset now) => [.. _jobs.Where(job => job.IsReady(now) && !IsWithheld(job.Key, source, now))];

    // I10: a key waits while one of its jobs is parked, claimed by another, or dead and held.
    private bool IsWithheld(string? key, int source, DateTimeOffset now) =>
        order == Order.PerKey && key is not null && _jobs.Any(job => job.Key == key && (
            (job.State == JobState.Delayed && job.Parked && job.Due > now)
            || (job.IsLive(now) && job.Owner != source)
            || job.HoldsKey));

    public void Fetched(int source, IReadOnlyList<Delivery> deliveries, TimeSpan lease, DateTimeOffset now)
    {
        foreach (var delivery in deliveries)
        {
            var job = this[delivery.Id];
            Assert.False(job.IsLive(now), $"I4 two live claims: {job}");
            Assert.True(job.IsReady(now), $"not ready: {job}");
            Assert.False(IsWithheld(job.Key, source, now), $"I10 the key is withheld: {job}");
            if (order == Order.PerKey && job.Key is not null && job.Place is not null)
                Assert.DoesNotContain(_jobs, other => other.Key == job.Key && other.Place < job.Place && other.IsReady(now));
            if (job.IsLapsed(now) && job.Running && !(job.ClosedLate && delivery.Crashes == job.Crashes)) job.Crashes++;
            Assert.True(delivery.Token > job.Token, $"I3 token {delivery.Token} does not grow: {job}");
            Assert.Equal((job.Attempts + 1, job.Crashes, job.Snoozes), (delivery.Attempt, delivery.Crashes, delivery.Snoozes));
            Assert.Equal(job.Key, delivery.Key);
            job.State = JobState.Leased;
            job.Parked = false;
            job.Running = job.ClosedLate = false;
            job.Token = delivery.Token;
            job.Owner = source;
            job.LeaseUntil = now + lease;
        }

        if (leasesByOwner && deliveries.Count > 0)
            foreach (var job in _jobs.Where(job => job.IsLive(now) && job.Owner == source)) job.LeaseUntil = now + lease;
    }

    public void Settled(Settlement settlement, bool refused, DateTimeOffset now)
    {
        var job = this[settlement.Delivery.Id];
        var current = job.State == JobState.Leased && job.Token == settlement.Delivery.Token;
        if (current && job.IsLive(now)) Assert.False(refused, $"a live claim was refused: {job}");
        if (!current) Assert.True(refused, $"I3 a lost claim was written: {job}");
        if (refused) return;

        job.Running = false;
        switch (settlement.Outcome)
        {
            case Outcome.CompletedOutcome:
                job.State = JobState.Succeeded;
                break;
            case Outcome.CancelledOutcome:
                job.State = JobState.Cancelled;
                break;
            case Outcome.DeadOutcome:
                job.Attempts++;
                job.State = JobState.Dead;
                job.Open = true;
                job.HoldsKey = order == Order.PerKey && deadHead == DeadHeadPolicy.Hold && job.Key is not null;
                break;
            case Outcome.RetryOutcome retry:
                job.Attempts++;
                Park(job, now, now + retry.Delay);
                break;
            case Outcome.SnoozedOutcome snoozed:
                if (snoozed.Delay > TimeSpan.Zero) job.Snoozes++;
                Park(job, now, snoozed.Delay > TimeSpan.Zero ? now + snoozed.Delay : null);
                break;
        }
    }

    // A retry without delay is due at once: delayed or waiting, as the store likes. What is released is waiting.
    private static void Park(ModelJob job, DateTimeOffset now, DateTimeOffset? due)
    {
        job.Parked = due > now;
        job.Due = due ?? now;
        job.State = job.CancelRequested ? JobState.Cancelled : due is null ? JobState.Waiting : JobState.Delayed;
    }

    public void Renewed(IEnumerable<Delivery> held, IReadOnlyList<LostClaim> lost, TimeSpan lease, DateTimeOffset now)
    {
        foreach (var delivery in held)
        {
            var job = this[delivery.Id];
            LostClaim? answer = lost.Any(claim => claim.Delivery == delivery) ? lost.Single(claim => claim.Delivery == delivery) : null;
            var current = job.State == JobState.Leased && job.Token == delivery.Token;
            if (!current) Assert.True(answer is { Cancelled: false }, $"I3 a lost claim was renewed: {job}");
            else if (job.IsLive(now)) Assert.Equal(job.CancelRequested, answer is { Cancelled: true });
            if (current && answer is not { Cancelled: false }) job.LeaseUntil = now + lease;
        }
    }

    /// <summary>The source was closed: what it still held is back, uncounted.</summary>
    public void Closed(int source, DateTimeOffset now)
    {
        foreach (var job in _jobs.Where(job => job.Owner == source))
            if (job.IsLive(now)) Park(job, now, due: null);
            else if (job.IsLapsed(now)) job.ClosedLate = true;
    }

    public void CancelAsked(string id, JobState? found, DateTimeOffset now)
    {
        var job = this[id];
        if (job.IsFinal)
        {
            Assert.True(found is null || found == job.State, $"I2 found {found}: {job}");
            return;
        }

        Assert.Contains(found, job.IsLapsed(now) && job.CancelRequested ? [JobState.Leased, JobState.Cancelled, null]
            : job.IsLapsed(now) ? [JobState.Leased, JobState.Waiting]
            : job.IsDue(now) ? [JobState.Delayed, JobState.Waiting]
            : new JobState?[] { job.State });
        if (found == JobState.Leased) job.CancelRequested = true;
        else job.State = JobState.Cancelled;
    }

    public void Requeued(IReadOnlyList<ModelJob> dead, IReadOnlyList<string> heirs)
    {
        Assert.Equal(dead.Count, heirs.Count);
        foreach (var (job, heir) in dead.Zip(heirs))
        {
            _jobs.Add(new ModelJob { Id = heir, Key = job.Key, Place = job.HoldsKey ? job.Place : ++_places, State = JobState.Waiting });
            job.Open = job.HoldsKey = false;
        }
    }

    public static void Discarded(IReadOnlyList<ModelJob> dead, int count)
    {
        Assert.Equal(dead.Count, count);
        foreach (var job in dead) job.Open = job.HoldsKey = false;
    }

    /// <summary>I1: every accepted job is in exactly one place, at every moment.</summary>
    public void CheckCounts(QueueCounts counts, DateTimeOffset now)
    {
        int Count(Func<ModelJob, bool> matches) => _jobs.Count(matches);
        var lapsed = Count(job => job.IsLapsed(now) && !job.CancelRequested);
        var ending = Count(job => job.IsLapsed(now) && job.CancelRequested);
        var due = Count(job => job.IsDue(now));
        var waiting = Count(job => job.State == JobState.Waiting);
        var delayed = Count(job => job.State == JobState.Delayed) - due;
        var leased = Count(job => job.IsLive(now));
        Assert.InRange(counts.Waiting, waiting, waiting + lapsed + due);
        Assert.InRange(counts.Delayed, delayed, delayed + due);
        Assert.InRange(counts.Leased, leased, leased + lapsed + ending);
        var all = waiting + delayed + leased + lapsed + due;
        Assert.InRange(counts.Waiting + counts.Delayed + counts.Leased, all, all + ending);
        Assert.Equal(Count(job => job.Open), counts.Dead);
    }

    /// <summary>I2 and I5, for one job as the store shows it; null when it was pruned.</summary>
    public static void CheckJob(ModelJob job, Job? shown, DateTimeOffset now)
    {
        if (shown is null)
        {
            Assert.True((job.IsFinal && !job.Open) || (job.IsLapsed(now) && job.CancelRequested), $"I1 lost: {job}");
            return;
        }

        if (job.IsFinal || job.IsLive(now) || (job.State is JobState.Waiting or JobState.Delayed && !job.IsDue(now))) Assert.Equal(job.State, shown.State);
        if (job.IsFinal && job.State != JobState.Dead) return;
        Assert.Equal((job.Attempts, job.Snoozes), (shown.Attempts, shown.Snoozes));
        Assert.Equal(job.Token, shown.Token);
    }
}
