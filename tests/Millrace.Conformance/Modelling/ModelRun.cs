using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance.Modelling;

/// <summary>Plays one run on a fresh queue of the store and on the model beside it, and compares after every step.</summary>
internal sealed class ModelRun(JobStoreHarness harness, StoreRun run, string queue, CancellationToken stop) : IAsyncDisposable
{
    private const string Actor = "model";

    // Nobody waits so long in a good run: it turns a fetch that never ends into a failure with a seed.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    // Minutes, not seconds: a store with a clock of its own runs ahead of the model by what the run takes, which must not decide anything.
    private static readonly TimeSpan s_lease = TimeSpan.FromMinutes(30);

    private readonly StoreModel _model = new(run.Order, run.DeadHead, harness.LeasesByOwner);
    private readonly Source[] _sources = new Source[2];
    private readonly List<Delivery>[] _held = [[], []];
    private readonly List<(int Source, Delivery Delivery)> _settled = [];
    private DateTimeOffset _now;
    private int _looked;

    private JobStore Store => harness.Store;

    public async Task PlayAsync()
    {
        for (var n = 0; n < _sources.Length; n++) _sources[n] = Open();
        foreach (var operation in run.Operations)
        {
            await StepAsync(operation);
            await CheckAsync();
        }

        await DrainAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in _sources)
            if (source is not null) await source.DisposeAsync();
    }

    private Source Open() => harness.Open(new SourceOptions { Queue = queue, Order = run.Order, DeadHead = run.DeadHead, Lease = s_lease });

    private Task StepAsync(StoreOperation step) => step.Action switch
    {
        StoreAction.Enqueue => EnqueueAsync(step),
        StoreAction.Fetch => FetchAsync(step.Source, 1 + (step.Size % 5)),
        StoreAction.Settle => SettleAsync(step),
        StoreAction.SettleAgain => SettleAgainAsync(step),
        StoreAction.Mark => MarkAsync(step),
        StoreAction.Renew => RenewAsync(step.Source),
        StoreAction.Advance => AdvanceAsync(TimeSpan.FromMinutes(1 + (step.Size % 20))),
        StoreAction.Lapse => AdvanceAsync(s_lease),
        StoreAction.Requeue => RequeueAsync(Dead(step)),
        StoreAction.Discard => DiscardAsync(Dead(step)),
        StoreAction.Cancel => CancelAsync(step),
        StoreAction.Reopen => ReopenAsync(step.Source),
        _ => Store.PruneAsync(stop).AsTask(),
    };

    private async Task EnqueueAsync(StoreOperation step)
    {
        var jobs = new NewJob[1 + (step.Size % 3)];
        for (var n = 0; n < jobs.Length; n++)
        {
            var dice = step.Pick + (n * 7);
            jobs[n] = new NewJob
            {
                Queue = queue,
                Key = dice % 5 == 4 ? null : $"k{dice % 5 % 3}",
                Delay = TimeSpan.FromMinutes(dice % 4 == 3 ? 1 + (dice % 25) : 0),
                DeduplicationId = dice % 6 == 5 ? $"d{dice % 4}" : null,
                DeduplicationWindow = TimeSpan.FromMinutes(25),
                Priority = (byte)(100 + (dice % 3)),
            };
        }

        var results = await Store.EnqueueAsync(jobs, stop);
        Assert.Equal(jobs.Length, results.Count);
        foreach (var (job, result) in jobs.Zip(results)) _model.Enqueued(job, result, _now);
    }

    private async Task FetchAsync(int source, int count)
    {
        var eligible = _model.Eligible(source, _now);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var fetch = _sources[source].FetchAsync(count, ending.Token).AsTask();
        if (eligible.Count == 0) await ending.CancelAsync();
        else ending.CancelAfter(s_patience);
        IReadOnlyList<Delivery> got = [];
        try
        {
            got = await fetch;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            Assert.True(eligible.Count == 0, $"I19 withheld though eligible for source {source}: {string.Join("; ", eligible)}");
        }

        Assert.InRange(got.Count, 0, count);
        _model.Fetched(source, got, s_lease, _now);
        _held[source].AddRange(got);
    }

    private async Task SettleAsync(StoreOperation step)
    {
        var held = _held[step.Source];
        if (held.Count == 0) return;
        var batch = new List<Settlement>();
        for (var n = 0; n <= step.Size % 3 && held.Count > 0; n++)
        {
            var delivery = held[step.Pick % held.Count];
            held.Remove(delivery);
            batch.Add(new Settlement(delivery, OutcomeOf(step.Size + (n * 5))));
        }

        await SettleAsync(step.Source, batch);
    }

    private static Outcome OutcomeOf(int dice) => (dice % 10) switch
    {
        0 or 1 or 2 => Outcome.Completed,
        3 => Outcome.Retry(TimeSpan.Zero, "at once"),
        4 or 5 => Outcome.Retry(TimeSpan.FromMinutes(1 + (dice % 15)), "later"),
        6 => Outcome.Snoozed(TimeSpan.FromMinutes(1 + (dice % 15))),
        7 => Outcome.Released,
        8 => Outcome.Dead("bad"),
        _ => dice % 3 == 0 ? Outcome.Cancelled : Outcome.Dead("worse"),
    };

    private async Task SettleAsync(int source, List<Settlement> batch)
    {
        // A handler is done before its outcome is settled, as in the engine.
        foreach (var settlement in batch) MarkDone(source, settlement.Delivery);
        var refused = await _sources[source].SettleAsync(batch, stop);
        Assert.All(refused, settlement => Assert.Contains(settlement, batch));
        foreach (var settlement in batch)
        {
            _model.Settled(settlement, refused.Contains(settlement), _now);
            _settled.Add((source, settlement.Delivery));
        }
    }

    private async Task SettleAgainAsync(StoreOperation step)
    {
        if (_settled.Count == 0) return;
        var (source, delivery) = _settled[step.Pick % _settled.Count];
        Settlement late = new(delivery, OutcomeOf(step.Size));
        var refused = await _sources[source].SettleAsync([late], stop);
        _model.Settled(late, refused.Count > 0, _now);
    }

    private async Task MarkAsync(StoreOperation step)
    {
        // A claim whose time is over says nothing any more: whether the store still listens depends on when it last looked.
        var live = _held[step.Source].Where(delivery => _model[delivery.Id] is var job && job.Token == delivery.Token && job.IsLive(_now)).ToArray();
        if (live.Length == 0) return;
        var chosen = live[step.Pick % live.Length];
        if (step.Size % 4 == 0)
        {
            MarkDone(step.Source, chosen);
        }
        else
        {
            await _sources[step.Source].MarkRunningAsync(chosen);
            _model[chosen.Id].Running = true;
        }
    }

    private void MarkDone(int source, Delivery delivery)
    {
        _sources[source].MarkDone(delivery);
        var job = _model[delivery.Id];
        if (job.Token == delivery.Token && job.IsLive(_now)) job.Running = false;
    }

    private async Task RenewAsync(int source)
    {
        var held = _held[source];
        var lost = await _sources[source].RenewAsync(held, stop);
        _model.Renewed(held, lost, s_lease, _now);
        foreach (var claim in lost)
            if (!claim.Cancelled) held.Remove(claim.Delivery);
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        await harness.AdvanceAsync(by, stop);
        _now += by;
    }

    private ModelJob[] Dead(StoreOperation step)
    {
        var open = _model.Jobs.Where(job => job.Open).ToArray();
        return step.Size % 3 == 0 || open.Length == 0 ? open : [open[step.Pick % open.Length]];
    }

    private async Task RequeueAsync(ModelJob[] dead)
    {
        // One at a time: the order of deaths within one moment is the store's own.
        foreach (var job in dead)
            _model.Requeued([job], await Store.RequeueAsync(new DeadLetterFilter { Queue = queue, Ids = [job.Id] }, Actor, stop));
    }

    private async Task DiscardAsync(ModelJob[] dead) =>
        StoreModel.Discarded(dead, await Store.DiscardAsync(new DeadLetterFilter { Queue = queue, Ids = [.. dead.Select(job => job.Id)] }, Actor, stop));

    private async Task CancelAsync(StoreOperation step)
    {
        if (_model.Jobs.Count == 0) return;
        var id = _model.Jobs[step.Pick % _model.Jobs.Count].Id;
        _model.CancelAsked(id, await Store.CancelAsync(id, Actor, stop), _now);
    }

    private async Task ReopenAsync(int source)
    {
        await _sources[source].DisposeAsync();
        _model.Closed(source, _now);
        _held[source].Clear();
        _sources[source] = Open();
    }

    private async Task CheckAsync()
    {
        _model.CheckCounts(await Store.CountAsync(queue, stop), _now);
        if (_model.Jobs.Count == 0) return;
        var job = _model.Jobs[_looked++ % _model.Jobs.Count];
        StoreModel.CheckJob(job, await Store.FindAsync(job.Id, stop), _now);
    }

    /// <summary>I19: with no more trouble everything that was accepted reaches its end.</summary>
    private async Task DrainAsync()
    {
        await ReopenAsync(0);
        await ReopenAsync(1);
        await AdvanceAsync(TimeSpan.FromHours(2));
        await RequeueAsync([.. _model.Jobs.Where(job => job.Open)]);
        while (_model.Eligible(0, _now).Count > 0)
        {
            await FetchAsync(0, 10);
            await SettleAsync(0, [.. _held[0].Select(delivery => new Settlement(delivery, Outcome.Completed))]);
            _held[0].Clear();
        }

        Assert.Equal(new QueueCounts(), await Store.CountAsync(queue, stop));
        foreach (var job in _model.Jobs) StoreModel.CheckJob(job, await Store.FindAsync(job.Id, stop), _now);
        Assert.All(_model.Jobs, job => Assert.True(job.IsFinal || (job.CancelRequested && job.IsLapsed(_now)), $"I1 no end: {job}"));
    }
}
