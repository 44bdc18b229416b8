using System.Diagnostics.Metrics;
using Firehose;

namespace Bench.PostgresWriting;

/// <summary>How many statements the firehose sent so far, by its own counter.</summary>
internal sealed class StatementCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _count;

    public StatementCount()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == FirehoseServices.MeterName && instrument.Name == "firehose.sql.statements") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, statements, _, _) => Interlocked.Add(ref _count, statements));
        _listener.Start();
    }

    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
