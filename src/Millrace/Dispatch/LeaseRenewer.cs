using Microsoft.Extensions.Logging;
using Millrace.Diagnostics;
using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>
/// Keeps the claims of one worker alive: renews every third of the lease, and when no renewal has been confirmed for two thirds of it, by
/// this machine's monotonic clock, gives all claims up, for by then somebody else may hold them (reference: invariant I4).
/// </summary>
internal sealed class LeaseRenewer(Source source, Dispatcher dispatcher, TimeProvider time, ILogger logger)
{
    private readonly TimeSpan _lease = source.Options.Lease;

    /// <summary>Deliveries that the dispatcher holds no more but that are not settled yet.</summary>
    public Action<List<Delivery>>? AlsoHeld { get; set; }

    public async Task RunAsync(CancellationToken stopped)
    {
        var confirmed = time.GetTimestamp();
        var wait = _lease / 3;
        while (await WaitAsync(wait, stopped))
        {
            var asked = time.GetTimestamp();
            try
            {
                foreach (var lost in await source.RenewAsync(Held(), stopped))
                    dispatcher.Interrupt(lost.Delivery, lost.Cancelled ? Interruption.Cancel : Interruption.Lost);
                confirmed = asked;
                wait = _lease / 3;
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var left = (_lease * 2 / 3) - time.GetElapsedTime(confirmed);
                Log.RenewFailed(logger, source.Options.Queue, left > TimeSpan.Zero ? left : TimeSpan.Zero, error);
                if (left <= TimeSpan.Zero) LoseAll();
                wait = _lease / 15;
            }
        }
    }

    private List<Delivery> Held()
    {
        var held = dispatcher.Held();
        AlsoHeld?.Invoke(held);
        return held;
    }

    private void LoseAll()
    {
        var held = dispatcher.Held();
        if (held.Count == 0) return;
        Log.ClaimsLost(logger, source.Options.Queue, held.Count);
        foreach (var delivery in held) delivery.Claim = ClaimState.Lost;
        dispatcher.DropWaiting();
        dispatcher.InterruptAll(Interruption.Lost);
        // An owner that comes back to life would hold for ever what nobody here knows of any more.
        source.ForgetClaims();
    }

    private async Task<bool> WaitAsync(TimeSpan wait, CancellationToken stopped)
    {
        try
        {
            await Task.Delay(wait, time, stopped);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
