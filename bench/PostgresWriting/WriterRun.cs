using System.Diagnostics;
using System.Threading.Channels;
using Firehose.Monitoring;
using Firehose.Storage.Postgres;
using Firehose.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Handling;
using Millrace.Outcomes;
using Millrace.Sources;
using Servers;

namespace Bench.PostgresWriting;

/// <summary>One run of the writer on a database of its own, in lanes of which each has its accounts, as the engine's pipelines do.</summary>
internal sealed class WriterRun : IAsyncDisposable
{
    private const int Lanes = 5;
    private const int PoolSize = 20;
    private const int MostInBatch = 500;

    private readonly PostgresFirehoseStore _store;
    private readonly FirehoseActivity _activity = new(TimeProvider.System, NullLogger.Instance);
    private readonly FirehoseWriter _writer;

    public WriterRun(PostgresServer server, string database)
    {
        _store = Open(server, database);
        _writer = new(_store, _activity, TimeProvider.System, OrderWait.None);
    }

    /// <summary>An empty database with the firehose's tables.</summary>
    public static async Task<string> CreateDatabaseAsync(PostgresServer server)
    {
        var name = await server.CreateDatabaseAsync();
        await using var store = Open(server, name);
        return name;
    }

    /// <summary>Writes all events as fast as it goes.</summary>
    public Task WriteAsync(RecordedEvents events, int batchSize) => Task.WhenAll(events.ToLanes(Lanes).Select(lane => Task.Run(async () =>
    {
        foreach (var batch in lane.Chunk(batchSize)) await HandleAsync(batch);
    })));

    /// <summary>Offers events at a steady rate; each lane takes what has come meanwhile. The first second does not count.</summary>
    /// <returns>Half of the events were committed in less, and 99 of 100, in milliseconds.</returns>
    public async Task<(double Half, double Most)> MeasureLatencyAsync(RecordedEvents events, int perSecond, CancellationToken stopping)
    {
        var places = events.ToLanes(Lanes).SelectMany((lane, i) => lane.Select(delivery => (delivery, i))).ToDictionary(pair => pair.delivery, pair => pair.i);
        var lanes = Enumerable.Range(0, Lanes).Select(_ => Channel.CreateUnbounded<(Delivery Delivery, long At)>()).ToArray();
        var latencies = new List<double>();
        var reading = Task.WhenAll(lanes.Select(lane => Task.Run(() => ReadAsync(lane.Reader, latencies), stopping)));
        var started = Stopwatch.GetTimestamp();
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        for (var next = 0; next < events.Deliveries.Count && await ticks.WaitForNextTickAsync(stopping);)
            for (var due = Stopwatch.GetElapsedTime(started).TotalSeconds * perSecond; next < due && next < events.Deliveries.Count; next++)
                lanes[places[events.Deliveries[next]]].Writer.TryWrite((events.Deliveries[next], next < perSecond ? 0 : Stopwatch.GetTimestamp()));
        foreach (var lane in lanes) lane.Writer.Complete();
        await reading;
        latencies.Sort();
        return (latencies[latencies.Count / 2], latencies[latencies.Count * 99 / 100]);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        _activity.Dispose();
    }

    private async Task ReadAsync(ChannelReader<(Delivery Delivery, long At)> lane, List<double> latencies)
    {
        while (await lane.WaitToReadAsync())
        {
            var batch = new List<(Delivery Delivery, long At)>();
            while (batch.Count < MostInBatch && lane.TryRead(out var next)) batch.Add(next);
            await HandleAsync([.. batch.Select(next => next.Delivery)]);
            lock (latencies) latencies.AddRange(batch.Where(next => next.At != 0).Select(next => Stopwatch.GetElapsedTime(next.At).TotalMilliseconds));
        }
    }

    private async Task HandleAsync(Delivery[] deliveries)
    {
        var batch = new Batch<ReadOnlyMemory<byte>>([.. deliveries.Select(delivery => new BatchItem<ReadOnlyMemory<byte>>(delivery.Body, new HandlerContext(delivery, "firehose-writer")))]);
        await _writer.HandleAsync(batch, CancellationToken.None);
        if (batch.Outcomes.Any(outcome => outcome is not (Outcome.CompletedOutcome or Outcome.DeadOutcome))) throw new InvalidOperationException("A batch was not written.");
    }

    private static PostgresFirehoseStore Open(PostgresServer server, string database) =>
        PostgresFirehoseStore.Open(PostgresAddress.Parse(server.UrlTo(database), out _)!, PoolSize, "bench", TimeProvider.System, new Random(1));
}
