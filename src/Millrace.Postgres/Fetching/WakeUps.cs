using System.Collections.Concurrent;

namespace Millrace.Postgres.Fetching;

/// <summary>Who waits for which queue in this process, and the bell that wakes them.</summary>
internal sealed class WakeUps
{
    private readonly ConcurrentDictionary<string, Bell> _bells = new(StringComparer.Ordinal);

    /// <summary>Set at the next ring. Take it before looking for work, or a ring in between is missed.</summary>
    public Task Next(string queue) => _bells.GetOrAdd(queue, _ => new Bell()).Next;

    public void Ring(string queue)
    {
        if (_bells.TryGetValue(queue, out var bell)) bell.Ring();
    }

    public void RingAll()
    {
        foreach (var bell in _bells.Values) bell.Ring();
    }

    /// <summary>Waits for <paramref name="next"/>, or until <paramref name="atMost"/> is over; false when it is the latter.</summary>
    public static async Task<bool> WaitAsync(Task next, TimeSpan atMost, TimeProvider time, CancellationToken stopping)
    {
        try
        {
            await next.WaitAsync(atMost, time, stopping);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private sealed class Bell
    {
        private TaskCompletionSource? _next;

        public Task Next
        {
            get
            {
                var next = Volatile.Read(ref _next);
                if (next is not null) return next.Task;
                var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return (Interlocked.CompareExchange(ref _next, mine, null) ?? mine).Task;
            }
        }

        public void Ring() => Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }
}
