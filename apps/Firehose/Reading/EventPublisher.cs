using System.Buffers;
using Firehose.Decoding;
using Firehose.Monitoring;
using Firehose.Storage;
using Firehose.Writing;
using Millrace.Sources;
using Millrace.Storage;

namespace Firehose.Reading;

/// <summary>Puts events into the queue, a batch at a time and one batch after the other, then moves the cursor: never before, so that a crash repeats events and loses none.</summary>
internal sealed class EventPublisher(JobStore queue, CursorStore cursors, FirehoseOptions options, FirehoseActivity activity, TimeProvider time)
{
    private readonly string _host = options.RelayUrl.Authority;

    // Two batches may be on their way when the backlog reaches its limit: they are a small part of it.
    private readonly long _most = Math.Min(options.PublishBatchSize, Math.Max(1, options.MaxBacklog / 10));
    private Batch _filling = new(), _spare = new();
    private Task _publishing = Task.CompletedTask;
    private long? _published, _saved;
    private long _savedAt;

    /// <summary>Whether the batch is full.</summary>
    public bool IsFull => _filling.Jobs.Count >= _most || _filling.Bodies.WrittenCount >= 1 << 20;

    /// <summary>The saved position, or null.</summary>
    public async ValueTask<long?> ReadCursorAsync(CancellationToken stopping)
    {
        _published = _saved = await cursors.ReadAsync(_host, stopping);
        activity.Resumed(_saved);
        return _saved;
    }

    /// <summary>Adds an event to the batch.</summary>
    public void Add(Frame frame)
    {
        var start = _filling.Bodies.WrittenCount;
        FrameBody.Write(frame, _filling.Bodies);
        _filling.Jobs.Add(new NewJob { Queue = QueuedFrame.Queue, Key = frame.Did, Body = _filling.Bodies.WrittenMemory[start..] });
        _filling.First ??= frame.Seq;
        _filling.Last = frame.Seq;
        _filling.LastTime = frame.Time;
    }

    /// <summary>Adds a frame that nobody can read; the writer makes a dead letter of it. Its name keeps a second one out for a day.</summary>
    public void AddRefused(ReadOnlyMemory<byte> frame, string name, string reason) => _filling.Jobs.Add(new NewJob
    {
        Queue = QueuedFrame.Queue,
        Kind = QueuedFrame.RefusedKind,
        Key = QueuedFrame.RefusedKind,
        Body = frame.ToArray(),
        Headers = new MessageHeaders([new(QueuedFrame.ReasonHeader, reason)]),
        DeduplicationId = name,
        DeduplicationWindow = TimeSpan.FromDays(1),
    });

    /// <summary>Starts to publish the batch once the one before is published; the next one can be filled meanwhile.</summary>
    public async ValueTask FlushAsync(CancellationToken stopping)
    {
        await _publishing;
        if (_filling.Jobs.Count == 0) return;
        var batch = _filling;
        (_filling, _spare) = (_spare, batch);
        _publishing = PublishAsync(batch, stopping);
    }

    /// <summary>The batch on its way; over when it is published or failed.</summary>
    public Task Publishing => _publishing;

    /// <summary>Waits until everything is published, then saves the cursor.</summary>
    public async ValueTask CompleteAsync(CancellationToken deadline)
    {
        await FlushAsync(deadline);
        await _publishing;
        await SaveCursorAsync(deadline);
    }

    /// <summary>Drops what was added and not flushed, and forgets a failed batch: its events come again.</summary>
    public async ValueTask ResetAsync()
    {
        await _publishing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _publishing = Task.CompletedTask;
        _filling.Clear();
        _spare.Clear();
    }

    /// <summary>The last event in the queue, or the saved position, or null.</summary>
    public long? Cursor => _published;

    private async Task PublishAsync(Batch batch, CancellationToken stopping)
    {
        // Without this a crash before the first save would start live again and lose what was queued after the crash.
        if (_saved is null && batch.First is { } first)
        {
            _published = first - 1;
            await SaveCursorAsync(stopping);
        }
        await queue.EnqueueAsync(batch.Jobs, stopping);
        if (batch.Last is { } last)
        {
            _published = last;
            activity.Published(last, batch.LastTime);
        }
        batch.Clear();
        if (time.GetElapsedTime(_savedAt) >= options.CursorInterval) await TrySaveCursorAsync(stopping);
    }

    /// <summary>A cursor that lags behind only makes a restart repeat more events; the next one may be saved again.</summary>
    private async ValueTask TrySaveCursorAsync(CancellationToken stopping)
    {
        try
        {
            await SaveCursorAsync(stopping);
        }
        catch (StoreException error)
        {
            activity.CursorFailed(_published!.Value, error.Message);
        }
    }

    private async ValueTask SaveCursorAsync(CancellationToken stopping)
    {
        _savedAt = time.GetTimestamp();
        if (_published is not { } seq || seq == _saved) return;
        await cursors.SaveAsync(_host, seq, stopping);
        _saved = seq;
    }

    private sealed class Batch
    {
        public List<NewJob> Jobs { get; } = [];
        public ArrayBufferWriter<byte> Bodies { get; } = new(256 * 1024);
        public long? First { get; set; }
        public long? Last { get; set; }
        public string? LastTime { get; set; }

        public void Clear()
        {
            Jobs.Clear();
            Bodies.ResetWrittenCount();
            First = Last = null;
        }
    }
}
