using Millrace.Storage;

namespace Firehose.Storage;

/// <summary>The network's copy in tables. What events do is decided by <see cref="BatchFold"/>, the same on every engine; a store reads, writes and counts.</summary>
internal abstract class FirehoseStore : IAsyncDisposable
{
    /// <summary>How long a deleted or a rejected record is remembered.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(3);

    /// <summary>What keeps the tables, for the log: the engine and where it is, without secrets.</summary>
    public abstract string Description { get; }

    /// <summary>The positions that live beside the tables.</summary>
    public abstract CursorStore Cursors { get; }

    /// <summary>How the connections are used, or null when there is no pool.</summary>
    public virtual PoolUse? Pool => null;

    /// <summary>Applies the events in one transaction, durable when this returns. An event that was applied before changes nothing.</summary>
    /// <returns>What became of each event.</returns>
    /// <exception cref="StoreException">The store or the way to it failed; whatever was applied changes nothing when it comes again.</exception>
    public ValueTask<ApplyResult> ApplyAsync(IReadOnlyList<FirehoseEvent> events, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(events);
        stopping.ThrowIfCancellationRequested();
        return events.Count == 0 ? new(new ApplyResult([], 0, 0)) : ApplyCoreAsync(events, stopping);
    }

    /// <summary>How much is stored.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public abstract ValueTask<FirehoseTotals> ReadTotalsAsync(CancellationToken stopping);

    /// <summary>How many users there are; not for a status page that must answer at once.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public abstract ValueTask<long> CountUsersAsync(CancellationToken stopping);

    /// <summary>Whether the store answers; null when it does, else the reason in one line.</summary>
    public async ValueTask<string?> CheckAsync(CancellationToken stopping)
    {
        try
        {
            await ReadTotalsAsync(stopping);
            return null;
        }
        catch (Exception error) when (error is StoreException or ObjectDisposedException)
        {
            return error.Message;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DisposeCoreAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>See <see cref="ApplyAsync"/>; at least one event.</summary>
    protected abstract ValueTask<ApplyResult> ApplyCoreAsync(IReadOnlyList<FirehoseEvent> events, CancellationToken stopping);

    /// <summary>Closes the store; twice is harmless.</summary>
    protected abstract ValueTask DisposeCoreAsync();
}

/// <summary>How the connections to a database server are used.</summary>
/// <param name="InUse">At work now.</param>
/// <param name="Size">Most there may be.</param>
internal readonly record struct PoolUse(int InUse, int Size);
