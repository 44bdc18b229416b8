using Millrace.Redis.Messages;
using Millrace.Settlements;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>The deliveries a source has in hand, to tell them from claims whose answer was lost, and the suspects among them.</summary>
internal sealed class HeldEntries
{
    private readonly Lock _gate = new();
    private readonly HashSet<Delivery> _held = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _suspects = new(StringComparer.Ordinal);

    public bool IsSuspect(string id)
    {
        lock (_gate) return _suspects.Count > 0 && _suspects.Contains(id);
    }

    public void Add(Fetched fetched)
    {
        lock (_gate)
        {
            foreach (var delivery in fetched.Deliveries) _held.Add(delivery);
            if (fetched.Foreign is { } foreign)
                foreach (var delivery in foreign) _held.Add(delivery);
            foreach (var id in fetched.Suspects) _suspects.Add(id);
        }
    }

    public void Remove(IReadOnlyList<Settlement> settled)
    {
        lock (_gate)
            foreach (var settlement in settled) Forget(settlement.Delivery);
    }

    public void Remove(Delivery delivery)
    {
        lock (_gate) Forget(delivery);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _held.Clear();
            _suspects.Clear();
        }
    }

    /// <summary>Entry and token of each claim, in turn.</summary>
    public RedisValue[] Claims(string queue)
    {
        lock (_gate) return [.. _held.SelectMany(delivery => (RedisValue[])[EntryId.OfJob(queue, delivery.Id), delivery.Token])];
    }

    private void Forget(Delivery delivery)
    {
        _held.Remove(delivery);
        if (_suspects.Count > 0) _suspects.Remove(delivery.Id);
    }
}
