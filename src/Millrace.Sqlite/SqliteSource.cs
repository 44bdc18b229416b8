using Microsoft.Extensions.Logging;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Sqlite.Fetching;
using Millrace.Sqlite.Settling;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite;

/// <summary>One queue of a store. Its claims live as long as the owner row it renews; an owner that was lost is followed by another.</summary>
internal sealed class SqliteSource(SourceOptions options, Writer writer, WakeUps wakeUps, string path, TimeProvider time, ILogger logger)
    : Source(options)
{
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _fetching = new(1);
    private volatile Owner? _owner;
    private volatile Owner? _forgotten;

    public override SourceCapabilities Capabilities =>
        SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry | SourceCapabilities.Leases | SourceCapabilities.DeadLetters
        | SourceCapabilities.CrashCounts | SourceCapabilities.Priorities | SourceCapabilities.OutOfOrderSettlement;

    public override string MessagingSystem => SqliteStore.SystemName;

    public override ValueTask MarkRunningAsync(Delivery delivery)
    {
        (delivery.Receipt as Owner)?.Ledger.Mark(delivery.Number);
        return ValueTask.CompletedTask;
    }

    public override void MarkDone(Delivery delivery) => (delivery.Receipt as Owner)?.Ledger.Clear(delivery.Number);

    public override void ForgetClaims() => Interlocked.CompareExchange(ref _forgotten, _owner, null);

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

    protected override ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline) =>
        writer.RunAsync(session => SettleWork.Settle(session, session.QueueId(Options.Queue), Options, batch), deadline);

    protected override async ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping)
    {
        if (_owner is not { } owner) return [.. held.Select(delivery => new LostClaim(delivery, Cancelled: false))];
        return await writer.RunAsync(
            session =>
            {
                if (OwnerWork.Renew(session, owner, Options)) return ClaimCheck.FindLost(session, held);
                session.AfterCommit(() => Forget(owner));
                return [.. held.Select(delivery => new LostClaim(delivery, Cancelled: false))];
            },
            stopping);
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        await _closing.CancelAsync();
        // Whatever a fetch was about to claim is claimed or not after this, and given back below.
        await _fetching.WaitAsync();
        if (_owner is not { } owner) return;
        _owner = null;
        try
        {
            await writer.RunAsync(
                session =>
                {
                    OwnerWork.End(session, owner);
                    return true;
                },
                CancellationToken.None);
            owner.Ledger.Close(delete: true);
        }
        catch (Exception error) when (error is StoreException or ObjectDisposedException)
        {
            // The lease ends by itself; whoever comes then takes the claims back.
            Log.OwnerNotEnded(logger, owner.Id, error);
            owner.Ledger.Close(delete: false);
        }
    }

    private async Task<IReadOnlyList<Delivery>> TakeAsync(FetchLimit limit, CancellationToken stopping)
    {
        while (true)
        {
            var next = wakeUps.Next(Options.Queue);
            var claimed = await writer.RunAsync(session => Claim(session, limit), stopping);
            if (claimed.Deliveries.Count > 0)
            {
                if (!stopping.IsCancellationRequested) return claimed.Deliveries;
                await GiveBackAsync(claimed.Deliveries);
                stopping.ThrowIfCancellationRequested();
            }

            await wakeUps.WaitAsync(next, claimed.NextDue, time, stopping);
        }
    }

    private Claimed Claim(WriteSession session, FetchLimit limit)
    {
        var queue = session.QueueId(Options.Queue);
        foreach (var rescued in OwnerWork.Rescue(session, path))
            session.AfterCommit(() => Log.Rescued(logger, rescued.Owner, rescued.Jobs, rescued.Crashed));
        if (_forgotten is { } forgotten) End(session, forgotten);
        var owner = FindOwner(session, queue);
        DueWork.MakeReady(session, queue);
        if (owner is null && !ClaimWork.AnyReady(session, queue)) return new([], DueWork.UntilNext(session, queue, owner: 0));
        var begun = owner ?? OwnerWork.Begin(session, queue, Options, path);
        if (owner is null) session.AfterCommit(() => _owner = begun);
        var claimed = ClaimWork.Claim(session, queue, Options, limit, begun);
        // A fetch that brings something is a sign of life that costs no commit of its own.
        if (owner is not null && claimed.Deliveries.Count > 0) OwnerWork.Renew(session, begun, Options);
        return claimed;
    }

    /// <summary>What was given up here goes back before anything is claimed anew.</summary>
    private void End(WriteSession session, Owner forgotten)
    {
        OwnerWork.End(session, forgotten);
        session.AfterCommit(() =>
        {
            Interlocked.CompareExchange(ref _owner, null, forgotten);
            forgotten.Ledger.Close(delete: true);
            _forgotten = null;
        });
    }

    /// <summary>This source's owner, or null when it has none or its lease was over.</summary>
    private Owner? FindOwner(WriteSession session, long queue)
    {
        if (_owner is not { } owner) return null;
        if (OwnerWork.IsThere(session, queue, owner)) return owner;
        session.AfterCommit(() => Forget(owner));
        return null;
    }

    /// <summary>The owner was declared dead: its ledger is the rescuer's now.</summary>
    private void Forget(Owner owner)
    {
        if (_owner == owner) _owner = null;
        owner.Ledger.Close(delete: false);
    }

    private async ValueTask GiveBackAsync(IReadOnlyList<Delivery> deliveries) => await writer.RunAsync(
        session => SettleWork.Settle(session, session.QueueId(Options.Queue), Options, [.. deliveries.Select(delivery => new Settlement(delivery, Outcomes.Outcome.Released))]),
        CancellationToken.None);
}
