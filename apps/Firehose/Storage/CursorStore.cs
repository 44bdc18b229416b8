using Millrace.Storage;

namespace Firehose.Storage;

/// <summary>How far the events of each relay are in safe hands; kept by host, since relays count each for itself.</summary>
internal abstract class CursorStore
{
    /// <summary>The saved position in the stream of the relay <paramref name="host"/>, or null.</summary>
    /// <exception cref="StoreException">It cannot be read now.</exception>
    public abstract ValueTask<long?> ReadAsync(string host, CancellationToken stopping);

    /// <summary>Saves the position up to which the events of the relay <paramref name="host"/> are in safe hands.</summary>
    /// <exception cref="StoreException">It cannot be saved now.</exception>
    public abstract ValueTask SaveAsync(string host, long seq, CancellationToken stopping);
}
