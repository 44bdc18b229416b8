using System.Diagnostics;
using Firehose.Monitoring;
using Millrace.Hosting;
using Millrace.Publishing;
using Millrace.Storage;
using Millrace.Worker.Hosting;
using Millrace.Worker.Status;

namespace Millrace.Worker.Demo;

/// <summary>Watches the demo until every frame of the recording is settled.</summary>
internal sealed class DemoMonitor(RunningWorker worker, long lastSeq)
{
    private const int ShownReasons = 3;

    /// <summary>Short, so that the summary's seconds are those of the work.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    private readonly FirehoseMonitor _firehose = worker.Services.GetRequiredService<FirehoseMonitor>();
    private readonly MillraceControl _control = worker.Services.GetRequiredService<MillraceControl>();
    private readonly TimeProvider _time = worker.Services.GetRequiredService<TimeProvider>();
    private readonly DateTimeOffset _processStarted = ProcessStart();

    /// <summary>Shows how far it is now and then; ends with the last look: done, failed, or stopped by somebody.</summary>
    public async Task<DemoSnapshot> FollowAsync(Action<DemoSnapshot> show, TimeSpan interval)
    {
        using var timer = new PeriodicTimer(LookEvery, _time);
        DemoSnapshot? shown = null;
        while (true)
        {
            var now = await LookAsync(shown);
            var ends = now.Done || now.Failure is not null || worker.Stopping.IsCancellationRequested;
            if (ends || shown is null || now.Elapsed - shown.Elapsed >= interval) show(shown = now);

            if (ends) return now;
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>What was done, once it is.</summary>
    public async Task<DemoSummary> SummarizeAsync(DemoSnapshot last)
    {
        var firehose = last.Firehose;
        var started = _control.Status.StartedAt;
        var seconds = (_processStarted + last.Elapsed - started).TotalSeconds;
        return new()
        {
            Frames = firehose.Frames.Values.Sum(),
            Seconds = Math.Round(seconds, 3),
            EventsPerSecond = Math.Round(firehose.Events.Values.Sum() / seconds, 1),
            SecondsToFirstEvent = firehose.FirstEventAt is { } first ? Math.Round((first - _processStarted).TotalSeconds, 3) : 0,
            Posts = firehose.Posts,
            Likes = firehose.Likes,
            Reposts = firehose.Reposts,
            Follows = firehose.Follows,
            Users = await _firehose.CountUsersAsync(CancellationToken.None),
            DeadLetters = new(firehose.Dead, await ReadReasonsAsync()),
            PeakMemoryBytes = ProcessMemory.Read().PeakWorkingSet,
            Database = Path.Combine(worker.Settings.DataDirectory, Firehose.FirehoseServices.DatabaseName),
            Status = worker.Address + "/api/v1/status",
        };
    }

    private async Task<DemoSnapshot> LookAsync(DemoSnapshot? before)
    {
        var firehose = await _firehose.GetStatusAsync(CancellationToken.None);
        // The reader moves its cursor when the events behind it are in the queue, so both together miss nothing.
        var left = lastSeq - (firehose.Cursor ?? 0) + firehose.Backlog;
        var down = _control.Status.Workers.FirstOrDefault(candidate => candidate.State == WorkerState.Failed);
        var (elapsed, events) = (_time.GetUtcNow() - _processStarted, firehose.Events.Values.Sum());
        return new()
        {
            Elapsed = elapsed,
            Firehose = firehose,
            Events = events,
            EventsPerSecond = before is null ? 0 : (events - before.Events) / (elapsed - before.Elapsed).TotalSeconds,
            FramesLeft = left,
            Memory = ProcessMemory.Read().WorkingSet,
            Failure = down is null ? null : $"worker {down.Name} is down: {down.LastError}",
        };
    }

    private async Task<IReadOnlyList<string>> ReadReasonsAsync()
    {
        var store = worker.Services.GetRequiredService<MillraceClient>().Store;
        var reasons = new List<string>();
        await foreach (var letter in store.ListDeadLettersAsync(new DeadLetterFilter { Limit = ShownReasons }, CancellationToken.None)) reasons.Add(letter.Reason);
        return reasons;
    }

    private static DateTimeOffset ProcessStart()
    {
        using var self = Process.GetCurrentProcess();
        return self.StartTime.ToUniversalTime();
    }
}
