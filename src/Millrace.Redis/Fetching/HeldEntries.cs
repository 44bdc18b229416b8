using Millrace.Redis.Messages;
using Millrace.Settlements;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>The deliveries a source has in hand, to tell them from claims whose answer was lost, and the suspects among them.</summary>
internal sealed class HeldEntries
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private readonly HashSet<string> _suspects = new(StringComparer.Ordinal);

    public bool IsSuspect(string id)
    {
        lock (_gate) return _suspects.Count > 0 && _suspects.Contains(id);
    }

    public void Add(Fetched fetched)
    {
        lock (_gate)
        {
            foreach (var delivery in fetched.Deliveries) _held.Add(delivery.Id);
            if (fetched.Foreign is { } foreign)
                foreach (var delivery in foreign) _held.Add(delivery.Id);
            foreach (var id in fetched.Suspects) _suspects.Add(id);
        }
    }

    public void Remove(IReadOnlyList<Settlement> settled)
    {
        lock (_gate)
            foreach (var settlement in settled) Forget(settlement.Delivery.Id);
    }

    public void Remove(Delivery delivery)
    {
        lock (_gate) Forget(delivery.Id);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _held.Clear();
            _suspects.Clear();
        }
    }

    public RedisValue[] Entries(string queue)
    {
        lock (_gate) return [.. _held.Select(id => (RedisValue)EntryId.OfJob(queue, id))];
    }

    private void Forget(string id)
    {
        _held.Remove(id);
        if (_suspects.Count > 0) _suspects.Remove(id);
    }
}
