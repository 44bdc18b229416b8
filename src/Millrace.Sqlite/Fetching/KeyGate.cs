using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Fetching;

/// <summary>
/// Who of a key may go, within one fetch: nobody while the key waits for a retry, is claimed by another owner or is held by a dead
/// letter, and nobody ahead of an earlier one that was held back.
/// </summary>
internal sealed class KeyGate(WriteSession session, long queue, long owner)
{
    private readonly HashSet<long> _told = [];

    /// <summary>Nothing is parked or held in the whole queue and nobody else is there, as most of the time: no key needs a look of its own.</summary>
    private readonly bool _allOpen = session.Sql["any_key_closed"].Bind(1, queue).Bind(2, owner).Scalar() == 0;

    private readonly Dictionary<string, long> _openBelow = new(StringComparer.Ordinal);

    public bool Admits(string key, long seq)
    {
        if (_allOpen) return true;
        if (!_openBelow.TryGetValue(key, out var below))
            _openBelow.Add(key, below = Look(key));
        return seq < below;
    }

    private long Look(string key)
    {
        var gate = session.Sql.FindKeyGate.Bind(1, queue).Bind(2, key).Bind(3, owner);
        gate.Step();
        var (waits, other, firstHeld) = (gate.Long(0) != 0, gate.LongOrNull(1), gate.LongOrNull(2));
        gate.Reset();
        // What is set aside here is open to the owner of the key: it takes it up when it fetches next.
        if (other is { } id && _told.Add(id)) session.Sql["mark_held_back"].Bind(1, id).Bind(2, 1).Run();
        return waits || other is not null ? long.MinValue : firstHeld ?? long.MaxValue;
    }
}
