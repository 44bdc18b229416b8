using Microsoft.Extensions.Logging;
using Millrace.Outcomes;
using Millrace.Postgres.Connecting;
using Millrace.Postgres.Fetching;
using Millrace.Postgres.Settling;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Postgres;

/// <summary>One queue of a store. Its claims live as long as the owner row it renews; an owner that was lost is followed by another.</summary>
internal sealed class PostgresSource(SourceOptions options, Database database, WakeUps wakeUps, PostgresStoreOptions store, TimeProvider time, ILogger logger)
    : Source(options)
{
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _fetching = new(1);
    private readonly bool _keep = store.Retention.MaxCount > 0;
    private volatile Owner? _owner;
    private volatile Owner? _forgotten;

    public override SourceCapabilities Capabilities =>
        SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry | SourceCapabilities.Leases | SourceCapabilities.DeadLetters
        | SourceCapabilities.CrashCounts | SourceCapabilities.Priorities | SourceCapabilities.OutOfOrderSettlement;

    public override string MessagingSystem => PostgresStore.SystemName;

    public override ValueTask MarkRunningAsync(Delivery delivery)
    {
        if (delivery.Receipt is Owner owner) owner.Running.Mark(delivery.Number);
        if (delivery.Receipt is not Suspect suspect) return ValueTask.CompletedTask;
        suspect.Owner.Running.Mark(delivery.Number);
        return new(suspect.Owner.Running.WriteAsync());
    }

    public override void MarkDone(Delivery delivery) => ((delivery.Receipt as Owner) ?? (delivery.Receipt as Suspect)?.Owner)?.Running.Clear(delivery.Number);

    /// <summary>Ends when everything marked until now is written down; tests let time pass only then.</summary>
    internal Task NotedAsync() => _owner?.Running.WriteAsync() ?? Task.CompletedTask;

    public override void ForgetClaims() => _forgotten ??= _owner;

    /// <summary>One fetch at a time: a second one waits for what the first leaves over, and closing waits for none.</summary>
    protected override async ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, _closing.Token);
        await _fetching.WaitAsync(either.Token);
        try
        {
            return await TakeAsync(limit, either.Token);
        }
        finally
        {
            _fetching.Release();
        }
    }

    protected override async ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline) =>
        await database.TransactAsync((session, stop) => SettleWork.SettleAsync(session, Options, batch, _keep, stop), deadline);

    protected override async ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping)
    {
        if (_owner is not { } owner) return AllLost(held);
        owner.Running.Remind();
        if (await ClaimCheck.RenewAsync(database, owner.Id, Options.Lease, held, stopping) is { } lost) return lost;
        await ForgetAsync(owner);
        return AllLost(held);
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        await _closing.CancelAsync();
        // Whatever a fetch was about to claim is claimed or not after this, and given back below.
        await _fetching.WaitAsync();
        if (_owner is not { } owner) return;
        try
        {
            await EndAsync(owner, CancellationToken.None);
        }
        catch (Exception error) when (error is StoreException or ObjectDisposedException)
        {
            // The lease ends by itself; whoever comes then takes the claims back.
            Log.OwnerNotEnded(logger, owner.Id, error);
        }
    }

    /// <summary>Ends an owner in good order: what it still holds goes back to its place, nothing is counted.</summary>
    private async Task EndAsync(Owner owner, CancellationToken stopping)
    {
        await ForgetAsync(owner);
        await database.TransactAsync(
            async (session, stop) =>
            {
                session.Wake(Options.Queue);
                await session.RunAsync([new("lock_shared", Value.Of([Options.Queue])), ClaimWork.TakeBack(Options.Queue, owner.Id, _keep)], stop);
                return true;
            },
            stopping);
    }

    private static IReadOnlyList<LostClaim> AllLost(IReadOnlyList<Delivery> held) => [.. held.Select(delivery => new LostClaim(delivery, Cancelled: false))];

    private async Task<IReadOnlyList<Delivery>> TakeAsync(FetchLimit limit, CancellationToken stopping)
    {
        while (true)
        {
            if (_forgotten is { } forgotten)
            {
                // What was given up here goes back before anything is claimed anew.
                await EndAsync(forgotten, stopping);
                _forgotten = null;
            }

            var next = wakeUps.Next(Options.Queue);
            var claimed = await ClaimAsync(limit, stopping);
            if (claimed.Deliveries.Count > 0)
            {
                if (!stopping.IsCancellationRequested) return claimed.Deliveries;
                await GiveBackAsync(claimed);
                stopping.ThrowIfCancellationRequested();
            }

            if (!claimed.OwnerLost && !claimed.More) await WaitAsync(next, stopping);
        }
    }

    private async Task<Claimed> ClaimAsync(FetchLimit limit, CancellationToken stopping)
    {
        var owner = _owner;
        try
        {
            var claimed = await database.TransactAsync(
                (session, stop) => ClaimWork.ClaimAsync(session, Options, limit, owner, _keep, id => new Owner(id, new RunningNote(database, id, logger)), stop), stopping);
            foreach (var rescued in claimed.Rescued) Log.Rescued(logger, rescued.Owner, rescued.Jobs, rescued.Crashed);
            if (claimed.OwnerLost) await ForgetAsync(owner!);
            else if (claimed.Owner is not null) _owner = claimed.Owner;
            return claimed;
        }
        catch (StoreException unknown) when (unknown.Code == StoreFault.Unknown && owner is not null)
        {
            // It may hold what nobody knows of, which no renewal must keep alive.
            Log.OwnerGivenUp(logger, owner.Id, unknown);
            await ForgetAsync(owner);
            throw;
        }
    }

    /// <summary>Until somebody in this process changed the queue, or a look at intervals finds what others did or time did.</summary>
    private async Task WaitAsync(Task next, CancellationToken stopping)
    {
        // A claim has just found nothing: the first look only tells how long to wait. What it sees may be locked by somebody.
        for (var first = true; ; first = false)
        {
            var (found, due) = await LookWork.LookAsync(database, Options.Queue, stopping);
            if (found && !first) return;
            if (await WakeUps.WaitAsync(next, due is { } soon && soon < store.PollInterval ? soon : store.PollInterval, time, stopping)) return;
        }
    }

    private async Task GiveBackAsync(Claimed claimed)
    {
        try
        {
            await database.TransactAsync(
                (session, stop) => SettleWork.SettleAsync(session, Options, [.. claimed.Deliveries.Select(delivery => new Settlement(delivery, Outcome.Released))], _keep, stop),
                CancellationToken.None);
        }
        catch (StoreException error)
        {
            Log.OwnerGivenUp(logger, claimed.Owner!.Id, error);
            await ForgetAsync(claimed.Owner);
        }
    }

    private Task ForgetAsync(Owner owner)
    {
        if (_owner == owner) _owner = null;
        return owner.Running.CloseAsync();
    }
}
