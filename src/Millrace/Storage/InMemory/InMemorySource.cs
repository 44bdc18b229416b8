using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Storage.InMemory;

/// <summary>A source over one queue of an <see cref="InMemoryStore"/>: each call is one turn under the store's lock.</summary>
internal sealed class InMemorySource : Source
{
    private readonly InMemoryStore _store;
    private readonly MemoryQueue _queue;
    private readonly CancellationTokenSource _closing = new();

    public InMemorySource(InMemoryStore store, SourceOptions options) : base(options)
    {
        _store = store;
        lock (store.Gate)
        {
            _queue = store.QueueOf(options.Queue);
            _queue.Sources.Add(this);
        }
    }

    public override SourceCapabilities Capabilities =>
        SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry | SourceCapabilities.Leases | SourceCapabilities.DeadLetters
        | SourceCapabilities.CrashCounts | SourceCapabilities.Priorities | SourceCapabilities.OutOfOrderSettlement;

    public override string MessagingSystem => _store.MessagingSystem;

    /// <summary>Under the store's lock.</summary>
    public LeaseList Leases { get; } = new();

    public override ValueTask MarkRunningAsync(Delivery delivery)
    {
        if (delivery.Receipt is MemoryJob job && job.Token == delivery.Token) job.Running = true;
        return ValueTask.CompletedTask;
    }

    public override void MarkDone(Delivery delivery)
    {
        if (delivery.Receipt is MemoryJob job && job.Token == delivery.Token) job.Running = false;
    }

    protected override ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping) =>
        TryClaim(limit, out var changed) is { } claimed ? new(claimed) : WaitAndClaimAsync(limit, changed, stopping);

    private async ValueTask<IReadOnlyList<Delivery>> WaitAndClaimAsync(FetchLimit limit, Task changed, CancellationToken stopping)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping, _closing.Token);
        while (true)
        {
            await changed.WaitAsync(stop.Token);
            if (TryClaim(limit, out changed) is { } claimed) return claimed;
        }
    }

    private List<Delivery>? TryClaim(FetchLimit limit, out Task changed)
    {
        lock (_store.Gate)
        {
            _closing.Token.ThrowIfCancellationRequested();
            var now = _store.Time.GetUtcNow().UtcTicks;
            _queue.Advance(now);
            var claimed = _queue.Claim(this, limit, now);
            changed = claimed is null ? _queue.Signal.Wait(_queue.NextChange()) : Task.CompletedTask;
            return claimed;
        }
    }

    protected override ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline)
    {
        List<Settlement>? refused = null;
        var deadHead = Options.Order == Order.PerKey ? Options.DeadHead : DeadHeadPolicy.Continue;
        lock (_store.Gate)
        {
            var now = _store.Time.GetUtcNow();
            _queue.Advance(now.UtcTicks);
            for (var i = 0; i < batch.Count; i++)
            {
                var settlement = batch[i];
                if (!_queue.Settle(settlement, deadHead, now)) (refused ??= []).Add(settlement);
            }
        }

        return new((IReadOnlyList<Settlement>?)refused ?? []);
    }

    protected override ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping)
    {
        List<LostClaim>? lost = null;
        lock (_store.Gate)
        {
            var now = _store.Time.GetUtcNow().UtcTicks;
            _queue.Advance(now);
            foreach (var delivery in held)
            {
                var job = MemoryQueue.Held(delivery);
                if (job is not null) MemoryQueue.Renew(job, now);
                if (job is null || job.CancelRequested) (lost ??= []).Add(new LostClaim(delivery, Cancelled: job is not null));
            }
        }

        return new((IReadOnlyList<LostClaim>?)lost ?? []);
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        await _closing.CancelAsync();
        lock (_store.Gate)
        {
            _queue.Advance(_store.Time.GetUtcNow().UtcTicks);
            while (Leases.First is { } held) _queue.Release(held);
            _queue.Sources.Remove(this);
        }

        _closing.Dispose();
    }
}
