using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Millrace.Diagnostics;

/// <summary>Names of the engine's meter and activity source, for `AddMeter` and `AddSource`.</summary>
public static class MillraceTelemetry
{
    /// <summary>The name of both.</summary>
    public const string Name = "Millrace";

    /// <summary>One consumer span an attempt, linked to the producer's trace (OpenTelemetry semantic conventions for messaging).</summary>
    internal static readonly ActivitySource Activities = new(Name);

    internal static readonly Meter Meter = new(Name);

    /// <summary>Bucket bounds in seconds that the messaging conventions give for durations.</summary>
    internal static readonly double[] DurationBuckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    internal static readonly Counter<long> Consumed = Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages delivered to a worker.");

    internal static readonly Counter<long> Sent = Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages published.");

    internal static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram("messaging.process.duration", "s",
        "Time in the handler, one record an attempt.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });

    internal static readonly Histogram<double> OperationDuration = Meter.CreateHistogram("messaging.client.operation.duration", "s",
        "Time of one fetch, waiting for messages included, or of one write of outcomes.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBuckets });

    internal static readonly Histogram<long> Attempts = Meter.CreateHistogram<long>("millrace.job.attempts", "{attempt}", "Attempts that a finished job took.");

    internal static readonly Counter<long> Dead = Meter.CreateCounter<long>("millrace.job.dead", "{message}", "Deliveries that became dead letters.");
}
