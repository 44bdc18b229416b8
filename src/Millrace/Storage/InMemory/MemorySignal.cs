namespace Millrace.Storage.InMemory;

/// <summary>Wakes the fetches that wait on one queue: at once when something became ready, by a timer when time alone will make it so.</summary>
internal sealed class MemorySignal
{
    // Timers refuse more than about 49 days; a fetch woken too early looks, finds nothing and sets the timer again.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private TaskCompletionSource? _waiting;
    private long _armedFor = long.MaxValue;

    public MemorySignal(Lock gate, TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => { lock (gate) Raise(); }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends when something may have changed, at the latest at <paramref name="nextChange"/> (ticks).</summary>
    public Task Wait(long nextChange)
    {
        var waiting = _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Expect(nextChange);
        return waiting.Task;
    }

    /// <summary>Time will change something at <paramref name="at"/> (ticks): whoever waits must be woken then.</summary>
    public void Expect(long at)
    {
        if (_waiting is null || at >= _armedFor) return;
        _armedFor = at;
        // Timers count in whole milliseconds and drop the rest: rounded up, or the fetch would look too early, again and again.
        var left = TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(Math.Max(0, at - _time.GetUtcNow().UtcTicks)).TotalMilliseconds));
        _timer.Change(left < LongestWait ? left : LongestWait, Timeout.InfiniteTimeSpan);
    }

    public void Raise()
    {
        if (_waiting is null) return;
        _armedFor = long.MaxValue;
        _waiting.TrySetResult();
        _waiting = null;
    }

    public void Close() => _timer.Dispose();
}
