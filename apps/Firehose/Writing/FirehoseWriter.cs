using Firehose.Decoding;
using Firehose.Monitoring;
using Firehose.Storage;
using Millrace.Handling;
using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Firehose.Writing;

/// <summary>Applies queued events to the store, a batch a transaction; ordered per DID. Running it twice on the same deliveries changes nothing.</summary>
/// <param name="store">The tables.</param>
/// <param name="activity">What is counted.</param>
/// <param name="time">The clock that latency is measured by.</param>
/// <param name="orderWait">How an event waits for the one before it.</param>
internal sealed class FirehoseWriter(FirehoseStore store, FirehoseActivity activity, TimeProvider time, OrderWait orderWait) : IBatchHandler<ReadOnlyMemory<byte>>
{
    private static readonly TimeSpan StoreTrouble = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async ValueTask HandleAsync(Batch<ReadOnlyMemory<byte>> batch, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var events = new List<FirehoseEvent>(batch.Count);
        var deliveries = new List<Delivery>(batch.Count);
        var places = new List<int>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            var delivery = batch[i].Context.Delivery;
            if (delivery.Kind == QueuedFrame.RefusedKind)
            {
                batch.Decide(i, Outcome.Dead(delivery.Headers.Get(QueuedFrame.ReasonHeader) ?? "FRM001 the frame could not be read."));
                continue;
            }
            try
            {
                events.Add(EventReader.Read(batch[i].Message, delivery));
                deliveries.Add(delivery);
                places.Add(i);
            }
            catch (DecodingException error)
            {
                batch.Decide(i, Outcome.Dead(error.Message));
            }
        }
        if (events.Count == 0) return;

        // Asked before the tables are read: what nobody has in hand any more is in them.
        foreach (var i in await orderWait.FindBehindAsync(deliveries, stopping)) events[i].MayWait = true;
        ApplyResult result;
        try
        {
            result = await store.ApplyAsync(events, stopping);
        }
        catch (StoreException fault)
        {
            // The events are not to blame: they wait, in order, and spend no attempt.
            foreach (var place in places) batch.Decide(place, Outcome.Snoozed(StoreTrouble));
            activity.StoreFailed(fault.Message);
            return;
        }
        activity.Handled(result);
        var now = time.GetUtcNow();
        HashSet<string>? waiting = null;
        for (var i = 0; i < result.Verdicts.Length; i++)
        {
            if (result.Verdicts[i] == Verdict.Rejected) batch.Decide(places[i], Outcome.Dead(EventReader.Faults(events[i])));
            // The first waits and parks its repository; those behind it go back to their places.
            if (result.Verdicts[i] == Verdict.Early)
                batch.Decide(places[i], (waiting ??= new(StringComparer.Ordinal)).Add(events[i].Frame.Did) ? Outcome.Snoozed(OrderWait.Delay(deliveries[i].Snoozes)) : Outcome.Released);
            else
                activity.Committed(now - deliveries[i].EnqueuedAt);
        }
    }
}
