using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Firehose.Decoding;
using Firehose.Storage;
using Microsoft.Extensions.Logging;

namespace Firehose.Monitoring;

/// <summary>What reader and writer did since the start: feeds the meter `Millrace.Firehose`, the log and the status.</summary>
internal sealed class FirehoseActivity : IDisposable
{
    /// <summary>The meter's name, for `AddMeter`.</summary>
    public const string MeterName = "Millrace.Firehose";

    private readonly ConcurrentDictionary<string, long> _frames = new(StringComparer.Ordinal), _events = new(StringComparer.Ordinal);
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _frameCounter, _eventCounter, _gapCounter, _connectionCounter, _refusedCounter, _failureCounter;
    private readonly Histogram<double> _latency;
    private readonly EventRate _rate;
    private long _gaps, _connections, _cursor = -1, _lastEventTicks, _firstHandledTicks;

    public FirehoseActivity(TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _rate = new EventRate(time);
        _frameCounter = _meter.CreateCounter<long>("firehose.frames", "{frame}", "Frames received, by kind.");
        _eventCounter = _meter.CreateCounter<long>("firehose.events", "{event}", "Events handled, by what became of them.");
        _gapCounter = _meter.CreateCounter<long>("firehose.gaps", "{gap}", "Gaps in the stream or in a repository's chain, by kind.");
        _connectionCounter = _meter.CreateCounter<long>("firehose.connections", "{connection}", "Connections opened to the relay.");
        _refusedCounter = _meter.CreateCounter<long>("firehose.frames.refused", "{frame}", "Frames that could not be read, by code.");
        _failureCounter = _meter.CreateCounter<long>("firehose.store.failures", "{failure}", "Batches and cursors that could not be written, and were tried again.");
        _latency = _meter.CreateHistogram("firehose.commit.latency", "s", "Time from the queue taking an event in until it is in the tables.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 5, 30, 300] });
        _meter.CreateObservableGauge("firehose.cursor", () => Cursor ?? 0, "{seq}", "The last sequence number in safe hands.");
        _meter.CreateObservableGauge("firehose.lag", () => LagSeconds ?? 0, "s", "Age of the last event that was published.");
        _meter.CreateObservableGauge("firehose.connected", () => Connected ? 1 : 0, description: "1 while frames can arrive.");
        _meter.CreateObservableGauge("firehose.paused", () => Paused ? 1 : 0, description: "1 while the reader waits for the backlog to shrink.");
    }

    public bool Connected { get; set; }
    public bool Paused { get; set; }
    public string? LastError { get; set; }

    /// <summary>Why the reader waits for somebody's decision, or null.</summary>
    public string? Alarm { get; set; }

    /// <summary>Why events cannot be stored just now, or null.</summary>
    public string? StoreError { get; private set; }

    /// <summary>When the first batch of this process was in the tables, or null.</summary>
    public DateTimeOffset? FirstEventAt => Interlocked.Read(ref _firstHandledTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    public long? Cursor => Interlocked.Read(ref _cursor) is >= 0 and var seq ? seq : null;
    public long Gaps => Interlocked.Read(ref _gaps);
    public long Connections => Interlocked.Read(ref _connections);
    public double EventsPerSecond => _rate.PerSecond;
    public IReadOnlyDictionary<string, long> Frames => _frames;
    public IReadOnlyDictionary<string, long> Events => _events;

    public double? LagSeconds => Interlocked.Read(ref _lastEventTicks) is > 0 and var ticks
        ? Math.Max(0, (_time.GetUtcNow() - new DateTimeOffset(ticks, TimeSpan.Zero)).TotalSeconds)
        : null;

    /// <summary>A connection stands.</summary>
    public void ConnectionOpened()
    {
        Connected = true;
        Interlocked.Increment(ref _connections);
        _connectionCounter.Add(1);
    }

    /// <summary>Frames of one kind arrived: a <see cref="FrameKind"/>, or `repeated`.</summary>
    public void Received(string kind, long count)
    {
        _frames.AddOrUpdate(kind, count, (_, known) => known + count);
        _frameCounter.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    /// <summary>A frame could not be read.</summary>
    public void Refused(string code, string reason)
    {
        LastError = reason;
        _frames.AddOrUpdate("refused", 1, (_, known) => known + 1);
        _refusedCounter.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    /// <summary>Events may be missing.</summary>
    public void Gap(string kind, long count = 1)
    {
        Interlocked.Add(ref _gaps, count);
        _gapCounter.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    /// <summary>Everything up to <paramref name="seq"/> is in the queue; <paramref name="time"/> is the relay's stamp of that event.</summary>
    public void Published(long seq, string? time)
    {
        Interlocked.Exchange(ref _cursor, seq);
        if (DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at))
            Interlocked.Exchange(ref _lastEventTicks, at.UtcTicks);
    }

    /// <summary>The cursor that was saved by an earlier run.</summary>
    public void Resumed(long? seq) => Interlocked.Exchange(ref _cursor, seq ?? -1);

    /// <summary>A batch is in the tables.</summary>
    public void Handled(ApplyResult result)
    {
        StoreError = null;
        Interlocked.CompareExchange(ref _firstHandledTicks, _time.GetUtcNow().UtcTicks, 0);
        Span<long> counts = stackalloc long[5];
        foreach (var verdict in result.Verdicts) counts[(int)verdict]++;
        for (var i = 0; i < counts.Length; i++)
        {
            // Those that came early come again.
            if (counts[i] == 0 || (Verdict)i == Verdict.Early) continue;
            var (name, count) = (((Verdict)i).ToString().ToLowerInvariant(), counts[i]);
            _events.AddOrUpdate(name, count, (_, known) => known + count);
            _eventCounter.Add(count, new KeyValuePair<string, object?>("verdict", name));
        }
        _rate.Add(result.Verdicts.Length - counts[(int)Verdict.Early]);
        if (result.ChainBreaks == 0) return;
        Gap("chain", result.ChainBreaks);
        Log.ChainBroken(_logger, result.ChainBreaks, result.Desynchronized);
    }

    /// <summary>An event is in the tables, so long after it was put into the queue.</summary>
    public void Committed(TimeSpan since) => _latency.Record(since.TotalSeconds);

    /// <summary>A batch could not be written.</summary>
    public void StoreFailed(string reason)
    {
        _failureCounter.Add(1);
        if (StoreError is null) Log.StoreFailed(_logger, reason);
        StoreError = LastError = reason;
    }

    /// <summary>The cursor could not be saved.</summary>
    public void CursorFailed(long cursor, string reason)
    {
        _failureCounter.Add(1);
        LastError = reason;
        Log.CursorFailed(_logger, cursor, reason);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
