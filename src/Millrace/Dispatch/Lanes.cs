using System.Diagnostics.CodeAnalysis;
using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>
/// Deliveries that wait for a slot. Without a key each is ready at once; deliveries of one key form a lane, of which only the head is
/// ready. A lane lives while it holds, runs or parks something, so an idle key costs nothing.
/// A lane is parked while something of its key is on its way back to the source: newcomers go back too, so that none overtakes. Once all is
/// written, a fetch that was under way may have claimed before or after the write; it did so after if it brings what went back, in that
/// order, and only then is what it brings taken in. A fetch that begins later needs no such proof.
/// Not thread-safe: the dispatcher's lock guards it.
/// </summary>
internal sealed class Lanes(Order order)
{
    private const int MaxPooledLanes = 1024;

    private readonly Queue<Entry> _ready = new();
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Stack<Lane> _pool = new();
    private readonly List<Lane> _awaitingFetch = [];

    /// <summary>Deliveries not handed out yet.</summary>
    public int Count { get; private set; }

    /// <summary>Heads that a slot could take now.</summary>
    public int Ready => _ready.Count;

    /// <summary>Keys with something in them.</summary>
    public int Keys => _lanes.Count;

    /// <summary>Keys with something on its way back to the source.</summary>
    public int Parked { get; private set; }

    /// <summary>Takes in a delivery; false when its key is parked: the delivery counts as given back.</summary>
    public bool TryAdd(Delivery delivery)
    {
        if (order == Order.None || delivery.Key is null)
        {
            _ready.Enqueue(new(delivery, null));
            Count++;
            return true;
        }

        if (!_lanes.TryGetValue(delivery.Key, out var lane)) lane = Open(delivery.Key);
        if (lane.Unwritten > 0 || !lane.Expects(delivery))
        {
            GiveBack(lane, delivery);
            return false;
        }

        lane.Append(delivery);
        Count++;
        if (!lane.Busy) Offer(lane);
        return true;
    }

    /// <summary>Hands out the next delivery; its lane, if any, stays closed until <see cref="Finish"/> or <see cref="Park"/>.</summary>
    public bool TryTake([NotNullWhen(true)] out Delivery? delivery, out Lane? lane)
    {
        if (!_ready.TryDequeue(out var entry))
        {
            delivery = null;
            lane = null;
            return false;
        }

        lane = entry.Lane;
        delivery = entry.Delivery ?? lane!.RemoveHead();
        Count--;
        return true;
    }

    /// <summary>The lane of a key that has something in it.</summary>
    public Lane? Find(string key) => _lanes.GetValueOrDefault(key);

    /// <summary>Hands out up to <paramref name="max"/> deliveries, whole runs of a key at a time.</summary>
    public void TakeMany(int max, List<Delivery> deliveries, List<Lane> lanes)
    {
        while (deliveries.Count < max && TryTake(out var delivery, out var lane))
        {
            deliveries.Add(delivery);
            if (lane is null) continue;
            lanes.Add(lane);
            while (deliveries.Count < max && lane.Head is not null)
            {
                deliveries.Add(lane.RemoveHead());
                Count--;
            }
        }
    }

    /// <summary>The lane's delivery reached its end: the next one is ready.</summary>
    public void Finish(Lane lane)
    {
        lane.Busy = false;
        if (lane.Head is not null) Offer(lane);
        else CloseIfIdle(lane);
    }

    /// <summary>The lane's delivery went back to the source: so does all that waits behind it, which is handed out first to last.</summary>
    public Delivery? Park(Lane lane)
    {
        lane.Busy = false;
        for (var waiting = lane.Head; waiting is not null; waiting = waiting.Next)
        {
            GiveBack(lane, waiting);
            Count--;
        }

        return lane.Clear();
    }

    /// <summary>Something of the lane's key goes back to the source.</summary>
    public void GiveBack(Lane lane, Delivery delivery)
    {
        if (!lane.Parked) Parked++;
        lane.Unwritten++;
        lane.Expected.Enqueue(delivery.Id);
    }

    /// <summary>Something of <paramref name="key"/> is written back; the key opens when it was the last, at once or when the fetch under way has ended.</summary>
    public void Written(string key, bool fetching)
    {
        if (!_lanes.TryGetValue(key, out var lane) || lane.Unwritten == 0 || --lane.Unwritten > 0) return;
        // The end of the fetch opens it.
        if (lane.AwaitsFetch) return;
        if (!fetching)
        {
            Open(lane);
            return;
        }

        lane.AwaitsFetch = true;
        _awaitingFetch.Add(lane);
    }

    /// <summary>The fetch under way has ended, and what it brought is taken in.</summary>
    public void FetchEnded()
    {
        foreach (var lane in _awaitingFetch)
        {
            lane.AwaitsFetch = false;
            if (lane.Unwritten == 0) Open(lane);
            // Its head came and went back again meanwhile: what that fetch left of the proof says nothing of the next one.
            else while (lane.Expected.Count > lane.Unwritten) lane.Expected.Dequeue();
        }

        _awaitingFetch.Clear();
    }

    /// <summary>Removes all that waits; with <paramref name="givenBack"/> it goes back to the source, else it is forgotten.</summary>
    public List<Delivery> TakeAll(bool givenBack)
    {
        var all = new List<Delivery>(Count);
        while (_ready.TryDequeue(out var entry))
        {
            if (entry.Delivery is not null) all.Add(entry.Delivery);
            else entry.Lane!.Busy = false;
        }

        foreach (var lane in _lanes.Values.ToArray())
        {
            for (var delivery = lane.Clear(); delivery is not null;)
            {
                if (givenBack) GiveBack(lane, delivery);
                var next = delivery.Next;
                delivery.Next = null;
                all.Add(delivery);
                delivery = next;
            }

            CloseIfIdle(lane);
        }

        Count = 0;
        return all;
    }

    /// <summary>Adds all that waits to <paramref name="held"/> and leaves it where it is.</summary>
    public void CopyTo(List<Delivery> held)
    {
        foreach (var entry in _ready)
            if (entry.Delivery is not null)
                held.Add(entry.Delivery);
        foreach (var lane in _lanes.Values)
            for (var delivery = lane.Head; delivery is not null; delivery = delivery.Next)
                held.Add(delivery);
    }

    private Lane Open(string key)
    {
        if (!_pool.TryPop(out var lane)) lane = new Lane();
        lane.Key = key;
        _lanes.Add(key, lane);
        return lane;
    }

    private void Open(Lane lane)
    {
        Parked--;
        lane.Expected.Clear();
        CloseIfIdle(lane);
    }

    private void Offer(Lane lane)
    {
        lane.Busy = true;
        _ready.Enqueue(new(null, lane));
    }

    private void CloseIfIdle(Lane lane)
    {
        if (lane.Busy || lane.Parked || lane.Head is not null) return;
        _lanes.Remove(lane.Key);
        if (_pool.Count < MaxPooledLanes) _pool.Push(lane);
    }

    private readonly record struct Entry(Delivery? Delivery, Lane? Lane);
}

/// <summary>The deliveries of one key, in order.</summary>
internal sealed class Lane
{
    private Delivery? _tail;

    public string Key { get; set; } = "";

    public Delivery? Head { get; private set; }

    /// <summary>Offered to the slots, or in one's hands.</summary>
    public bool Busy { get; set; }

    /// <summary>How many deliveries of the key are on their way back to the source.</summary>
    public int Unwritten { get; set; }

    /// <summary>All is written back, but a fetch that began before may still bring something of the key.</summary>
    public bool AwaitsFetch { get; set; }

    /// <summary>Not open to every newcomer.</summary>
    public bool Parked => Unwritten > 0 || AwaitsFetch;

    /// <summary>What went back to the source, in the order of writing.</summary>
    public Queue<string> Expected => field ??= new();

    /// <summary>Whether a newcomer shows that its fetch claimed after the writing; if not, nothing of that fetch does.</summary>
    public bool Expects(Delivery newcomer)
    {
        if (!AwaitsFetch || Expected.Count == 0) return true;
        if (Expected.Dequeue() == newcomer.Id) return true;
        Expected.Clear();
        return false;
    }

    public void Append(Delivery delivery)
    {
        delivery.Next = null;
        if (_tail is null) Head = delivery;
        else _tail.Next = delivery;
        _tail = delivery;
    }

    public Delivery RemoveHead()
    {
        var head = Head!;
        Head = head.Next;
        if (Head is null) _tail = null;
        head.Next = null;
        return head;
    }

    /// <summary>Removes all and returns the first, chained to the rest.</summary>
    public Delivery? Clear()
    {
        var head = Head;
        Head = _tail = null;
        return head;
    }
}
