using Millrace.Settlements;

namespace Millrace.Sources;

/// <summary>Where deliveries come from: fetches, renews and settles, and decides nothing.</summary>
public abstract class Source : IAsyncDisposable
{
    private int _disposed;

    /// <summary>Opens nothing yet; checks the options.</summary>
    protected Source(SourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Queue);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Lease, TimeSpan.Zero);
        Options = options;
    }

    /// <summary>How this source was opened.</summary>
    public SourceOptions Options { get; }

    /// <summary>What this source does natively.</summary>
    public abstract SourceCapabilities Capabilities { get; }

    /// <summary>The messaging system's name in traces and metrics, as OpenTelemetry spells it.</summary>
    public abstract string MessagingSystem { get; }

    /// <summary>Claims up to <paramref name="limit"/> deliveries; waits while there is none.</summary>
    /// <returns>At least one delivery, in dispatch order.</returns>
    /// <exception cref="OperationCanceledException">Stopped; nothing was claimed, or what was claimed was given back.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A limit below 1.</exception>
    public ValueTask<IReadOnlyList<Delivery>> FetchAsync(FetchLimit limit, CancellationToken stopping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit.Bytes, 1);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        stopping.ThrowIfCancellationRequested();
        return FetchCoreAsync(limit, stopping);
    }

    /// <summary>Writes a batch of outcomes as one unit; twice is harmless.</summary>
    /// <returns>The settlements that were refused because the claim was lost; empty when all were written.</returns>
    public ValueTask<IReadOnlyList<Settlement>> SettleAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        deadline.ThrowIfCancellationRequested();
        return batch.Count == 0 ? new([]) : SettleCoreAsync(batch, deadline);
    }

    /// <summary>Keeps the claims alive for another <see cref="SourceOptions.Lease"/>.</summary>
    /// <returns>The deliveries whose claim is lost or that were cancelled: stop handling them.</returns>
    public ValueTask<IReadOnlyList<LostClaim>> RenewAsync(IReadOnlyList<Delivery> held, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(held);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        stopping.ThrowIfCancellationRequested();
        return RenewCoreAsync(held, stopping);
    }

    /// <summary>
    /// Notes that a handler starts with <paramref name="delivery"/>, so that a crash from here on counts against it; twice is harmless. Waits
    /// for no I/O, except for a delivery that may have ended a process before: that one is noted before it runs. Never throws.
    /// </summary>
    public virtual ValueTask MarkRunningAsync(Delivery delivery) => ValueTask.CompletedTask;

    /// <summary>Notes that the handler is done with <paramref name="delivery"/>.</summary>
    public virtual void MarkDone(Delivery delivery)
    {
    }

    /// <summary>
    /// Gives up every claim: no renewal was confirmed in time, so the store may count them as lost. What comes of them later is refused or
    /// not, and they are handed out again, as nobody's fault. Cheap: no I/O that waits.
    /// </summary>
    public virtual void ForgetClaims()
    {
    }

    /// <summary>Gives back what is still claimed and lets go of the connection; a second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await DisposeCoreAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>See <see cref="FetchAsync"/>.</summary>
    protected abstract ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping);

    /// <summary>See <see cref="SettleAsync"/>; the batch holds at least one.</summary>
    protected abstract ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline);

    /// <summary>See <see cref="RenewAsync"/>; called also with nothing held, as a sign of life.</summary>
    protected abstract ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping);

    /// <summary>See <see cref="DisposeAsync"/>.</summary>
    protected abstract ValueTask DisposeCoreAsync();
}

/// <summary>A delivery that is ours no more.</summary>
/// <param name="Delivery">Which.</param>
/// <param name="Cancelled">True when somebody asked to cancel it (settle it as cancelled); false when the claim itself is gone.</param>
public readonly record struct LostClaim(Delivery Delivery, bool Cancelled);
