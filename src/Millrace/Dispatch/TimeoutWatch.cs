namespace Millrace.Dispatch;

/// <summary>Looks over all running attempts of a worker at a twentieth of its time-out, instead of one timer a delivery.</summary>
internal sealed class TimeoutWatch(Dispatcher dispatcher, TimeSpan timeout, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken stopped)
    {
        var period = timeout / 20;
        if (period < Shortest) period = Shortest;
        if (period > Longest) period = Longest;
        using var timer = new PeriodicTimer(period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopped)) dispatcher.InterruptOverdue(timeout);
        }
        catch (OperationCanceledException)
        {
            // Stopped; nothing runs any more.
        }
    }
}
