namespace Firehose.Monitoring;

/// <summary>Events a second over the last ten whole seconds.</summary>
internal sealed class EventRate(TimeProvider time)
{
    private const int Seconds = 10;

    private readonly Lock _gate = new();
    private readonly long[] _counts = new long[Seconds + 1];
    private long _second = long.MinValue, _first = long.MinValue;

    /// <summary>Counts <paramref name="events"/> now.</summary>
    public void Add(long events)
    {
        lock (_gate) _counts[MoveOn() % _counts.Length] += events;
    }

    /// <summary>The rate; of a shorter time just after the start.</summary>
    public double PerSecond
    {
        get
        {
            lock (_gate)
            {
                var now = MoveOn();
                var whole = Math.Min(Seconds, now - _first);
                if (whole == 0) return _counts[now % _counts.Length];
                long sum = 0;
                for (var back = 1; back <= whole; back++) sum += _counts[(now - back) % _counts.Length];
                return (double)sum / whole;
            }
        }
    }

    private long MoveOn()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (_first == long.MinValue) _first = _second = now;
        if (now - _second > Seconds) Array.Clear(_counts);
        else for (var second = _second + 1; second <= now; second++) _counts[second % _counts.Length] = 0;
        // A clock that was set back counts on in its old second.
        _second = Math.Max(_second, now);
        return _second;
    }
}
