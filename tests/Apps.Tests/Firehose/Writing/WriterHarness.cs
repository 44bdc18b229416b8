using System.Buffers;
using Apps.Tests.Firehose.Databases;
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

/// <summary>A writer over a store of its own, driven batch by batch as the engine does.</summary>
public sealed class WriterHarness : IAsyncDisposable
{
    private readonly FirehoseWriter _writer;

    internal WriterHarness(FirehoseDatabase database, OrderWait? orderWait = null)
    {
        Database = database;
        Time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero));
        Store = database.Open(Time);
        Activity = new FirehoseActivity(Time, NullLogger.Instance);
        _writer = new FirehoseWriter(Store, Activity, Time, orderWait ?? OrderWait.None);
    }

    public FirehoseDatabase Database { get; }

    internal FirehoseStore Store { get; }

    internal FirehoseActivity Activity { get; }

    public FakeTimeProvider Time { get; }

    /// <summary>Every dead letter so far: delivery id and reason.</summary>
    public Dictionary<string, string> DeadLetters { get; } = new(StringComparer.Ordinal);

    public static async Task<WriterHarness> CreateAsync(TestDatabases databases) => new(await databases.CreateAsync());

    internal static async Task<WriterHarness> CreateAsync(TestDatabases databases, OrderWait orderWait) => new(await databases.CreateAsync(), orderWait);

    /// <summary>The frames of a recording as deliveries, numbered by their place in it.</summary>
    public static List<Delivery> Deliveries(string recording) =>
        [.. RecordedFrames.Read(recording).Select(frame => FrameDecoder.Decode(frame)).Select((frame, i) => DeliveryOf(frame, $"{i + 1}"))];

    /// <summary>The same delivery after so many snoozes.</summary>
    public static Delivery Snoozed(Delivery delivery, int times) => new(delivery.Id) { Queue = delivery.Queue, Key = delivery.Key, Body = delivery.Body, Snoozes = times };

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
                lock (DeadLetters) DeadLetters[deliveries[i].Id] = dead.Reason;
        return batch.Outcomes;
    }

    public async Task ReplayAsync(IEnumerable<Delivery> deliveries, int batchSize = 500)
    {
        foreach (var batch in deliveries.Chunk(batchSize)) await HandleAsync(batch);
    }

    public List<string> Query(string sql) => Database.Query(sql);

    public string Dump() => Database.Dump();

    /// <summary>Every counter, feed item and total equals the one recounted from the rows.</summary>
    public void AssertCounted() => EndState.AssertCounted(Database);

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Activity.Dispose();
        await Database.DisposeAsync();
    }
}
