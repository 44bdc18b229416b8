using Firehose.Monitoring;
using Firehose.Writing;
using Microsoft.Extensions.Logging;
using Millrace.Storage;

namespace Firehose.Reading;

/// <summary>Holds the reader while too many events wait. Nothing is trimmed: the relay keeps what we do not take.</summary>
internal sealed class BacklogGate(JobStore queue, FirehoseOptions options, FirehoseActivity activity, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private long _lookedAt = -1;
    private long _since;

    /// <summary>Ends when <paramref name="adding"/> more events may be queued.</summary>
    public async ValueTask PassAsync(int adding, CancellationToken stopping)
    {
        _since += adding;
        // Between two looks the backlog can grow by no more than what was added.
        if (_lookedAt >= 0 && _since < options.MaxBacklog / 100 && time.GetElapsedTime(_lookedAt) < LookEvery) return;
        var backlog = await LookAsync(adding, stopping);
        if (backlog < options.MaxBacklog) return;

        activity.Paused = true;
        Log.Paused(logger, backlog, QueuedFrame.Queue, options.MaxBacklog);
        while (backlog >= options.MaxBacklog - options.MaxBacklog / 10)
        {
            await Task.Delay(LookEvery, time, stopping);
            backlog = await LookAsync(adding, stopping);
        }
        activity.Paused = false;
        Log.Resumed(logger, backlog, QueuedFrame.Queue);
    }

    private async ValueTask<long> LookAsync(int adding, CancellationToken stopping)
    {
        var counts = await queue.CountAsync(QueuedFrame.Queue, stopping);
        _lookedAt = time.GetTimestamp();
        // Seen from now on: these come after the look.
        _since = adding;
        return counts.Waiting + counts.Delayed + counts.Leased;
    }
}
