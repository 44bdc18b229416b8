using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>
/// How much a dispatcher may claim and hold. Starts at twice what its slots can run, so that a slow handler hoards nothing; doubles while
/// slots run dry although the source gave all that was asked for; halves when claims wait long for a slot. Not thread-safe.
/// </summary>
internal sealed class Credit
{
    private readonly DispatcherOptions _options;
    private int _floor;
    private int _capacity;
    private int _held;
    private long _heldBytes;

    public Credit(DispatcherOptions options)
    {
        _options = options;
        Resize(options.Concurrency);
        _capacity = _floor;
    }

    /// <summary>Claimed and not settled.</summary>
    public int Held => _held;

    /// <summary>Bytes claimed and not settled.</summary>
    public long HeldBytes => _heldBytes;

    /// <summary>Most that may be held now.</summary>
    public int Capacity => _capacity;

    public void Resize(int concurrency)
    {
        _floor = (int)Math.Min((long)concurrency * _options.BatchSize * 2, _options.MaxInFlight);
        _capacity = Math.Max(_capacity, _floor);
    }

    /// <summary>What to ask the source for, or null when the room is too small to be worth a round trip.</summary>
    public FetchLimit? Ask(bool slotsHaveWork)
    {
        var room = _capacity - _held;
        var bytes = _options.MaxInFlightBytes - _heldBytes;
        if (room <= 0 || bytes <= 0) return null;
        if (slotsHaveWork && room < _capacity / 4) return null;
        return new(room, bytes);
    }

    public void Take(Delivery delivery)
    {
        _held++;
        _heldBytes += delivery.Weight;
    }

    public void Return(Delivery delivery)
    {
        _held--;
        _heldBytes -= delivery.Weight;
    }

    public void Grow() => _capacity = Math.Min(_capacity * 2, _options.MaxInFlight);

    public void Shrink() => _capacity = Math.Max(_capacity / 2, _floor);
}
