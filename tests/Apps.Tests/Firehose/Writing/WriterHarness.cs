using System.Buffers;
using Firehose.Decoding;
using Firehose.Monitoring;
using Firehose.Reading;
using Firehose.Storage;
using Firehose.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Handling;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

/// <summary>A writer over a store of its own in a temporary directory, driven batch by batch as the engine does.</summary>
public sealed class WriterHarness : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("firehose-test-").FullName;
    private readonly FirehoseWriter _writer;

    public WriterHarness()
    {
        Time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
        Store = SqliteFirehoseStore.Open(Path.Combine(_directory, "firehose.db"), Time);
        Activity = new FirehoseActivity(Time, NullLogger.Instance);
        _writer = new FirehoseWriter(Store, Activity);
    }

    internal SqliteFirehoseStore Store { get; }

    internal FirehoseActivity Activity { get; }

    public FakeTimeProvider Time { get; }

    /// <summary>Every dead letter so far: delivery id and reason.</summary>
    public Dictionary<string, string> DeadLetters { get; } = new(StringComparer.Ordinal);

    /// <summary>The frames of a recording as deliveries, numbered by their place in it.</summary>
    public static List<Delivery> Deliveries(string recording) =>
        [.. RecordedFrames.Read(recording).Select(frame => FrameDecoder.Decode(frame)).Select((frame, i) => DeliveryOf(frame, $"{i + 1}"))];

    public static Delivery DeliveryOf(Frame frame, string id, string? requeuedFrom = null)
    {
        var body = new ArrayBufferWriter<byte>();
        FrameBody.Write(frame, body);
        return new Delivery(id) { Queue = QueuedFrame.Queue, Key = frame.Did, Body = body.WrittenMemory.ToArray(), RequeuedFrom = requeuedFrom };
    }

    /// <summary>Hands one batch to the writer and keeps its dead letters, one for each delivery however often it comes.</summary>
    public async Task<IReadOnlyList<Outcome>> HandleAsync(params IReadOnlyList<Delivery> deliveries)
    {
        var batch = new Batch<ReadOnlyMemory<byte>>([.. deliveries.Select(delivery =>
            new BatchItem<ReadOnlyMemory<byte>>(delivery.Body, new HandlerContext(delivery, "firehose-writer")))]);
        await _writer.HandleAsync(batch, TestContext.Current.CancellationToken);
        for (var i = 0; i < batch.Count; i++)
            if (batch.Outcomes[i] is Outcome.DeadOutcome dead)
                DeadLetters[deliveries[i].Id] = dead.Reason;
        return batch.Outcomes;
    }

    public async Task ReplayAsync(IEnumerable<Delivery> deliveries, int batchSize = 500)
    {
        foreach (var batch in deliveries.Chunk(batchSize)) await HandleAsync(batch);
    }

    public List<string> Query(string sql) => FirehoseDatabase.Query(Store.Path, sql);

    public string Dump() => FirehoseDatabase.Dump(Store.Path);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Activity.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
