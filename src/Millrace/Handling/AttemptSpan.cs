using System.Diagnostics;
using Millrace.Diagnostics;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>One consumer span an attempt (a batch: one span with links), named and tagged by OpenTelemetry's messaging conventions.</summary>
internal static class AttemptSpan
{
    /// <summary>Whether anybody listens.</summary>
    public static bool Wanted => MillraceTelemetry.Activities.HasListeners();

    public static Activity? Start(PipelineSettings settings, Delivery delivery)
    {
        ActivityContext.TryParse(delivery.Headers.Get(MessageHeaders.TraceParent), null, isRemote: true, out var producer);
        var span = MillraceTelemetry.Activities.StartActivity($"process {delivery.Queue}", ActivityKind.Consumer, default(ActivityContext),
            links: producer == default ? null : [new ActivityLink(producer)]);
        if (span is null) return null;
        Describe(span, settings, delivery.Queue);
        span.SetTag("messaging.message.id", delivery.Id);
        span.SetTag("millrace.job.attempt", delivery.Attempt);
        return span;
    }

    public static Activity? StartBatch(PipelineSettings settings, IReadOnlyList<Delivery> deliveries)
    {
        var links = new List<ActivityLink>();
        foreach (var delivery in deliveries)
            if (ActivityContext.TryParse(delivery.Headers.Get(MessageHeaders.TraceParent), null, isRemote: true, out var producer))
                links.Add(new(producer));
        var span = MillraceTelemetry.Activities.StartActivity($"process {deliveries[0].Queue}", ActivityKind.Consumer, default(ActivityContext), links: links);
        if (span is null) return null;
        Describe(span, settings, deliveries[0].Queue);
        span.SetTag("messaging.batch.message_count", deliveries.Count);
        return span;
    }

    public static void End(Activity? span, Outcome outcome)
    {
        if (span is null) return;
        var reason = outcome switch
        {
            Outcome.RetryOutcome retry => retry.Reason,
            Outcome.DeadOutcome dead => dead.Reason,
            _ => null,
        };
        if (reason is null) return;
        span.SetStatus(ActivityStatusCode.Error, reason);
        span.SetTag("error.type", reason.Split(':')[0]);
    }

    private static void Describe(Activity span, PipelineSettings settings, string queue)
    {
        span.SetTag("messaging.system", settings.Source.MessagingSystem);
        span.SetTag("messaging.destination.name", queue);
        span.SetTag("messaging.operation.name", "process");
        span.SetTag("messaging.operation.type", "process");
        span.SetTag("millrace.worker", settings.Worker);
    }
}
