using System.Diagnostics;
using System.Net.WebSockets;
using Firehose.Monitoring;
using Firehose.Storage;
using Microsoft.Extensions.Logging;
using Millrace.Storage;

namespace Firehose.Reading;

/// <summary>Follows the relay for ever: connects at the cursor, publishes what comes, and has an answer to every way in which a connection ends.</summary>
internal sealed class RelayReader
{
    private readonly FirehoseOptions _options;
    private readonly FirehoseActivity _activity;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly EventPublisher _publisher;
    private readonly BacklogGate _gate;
    private readonly RefusedFrames _refused = new();

    public RelayReader(
        FirehoseOptions options, JobStore queue, CursorStore cursors, FirehoseActivity activity, TimeProvider time, Random random, ILogger logger)
    {
        _options = options;
        _activity = activity;
        _time = time;
        _random = random;
        _logger = logger;
        _publisher = new EventPublisher(queue, cursors, options, activity, time);
        _gate = new BacklogGate(queue, options, activity, time, logger);
    }

    /// <summary>Reads until <paramref name="stopping"/>; what was published by then is covered by the saved cursor.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var failures = 0;
        var started = false;
        while (!stopping.IsCancellationRequested)
        {
            var session = new RelaySession(_options, _publisher, _gate, _refused, _activity, _logger);
            TimeSpan delay;
            try
            {
                if (!started) await _publisher.ReadCursorAsync(stopping);
                started = true;
                var end = await session.RunAsync(_publisher.Cursor, stopping);
                failures = session.Progressed ? 0 : failures + 1;
                delay = Answer(end, failures);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (WebSocketException error)
            {
                delay = Answer(new SessionEnd.Dropped(error.InnerException is { } inner ? $"{error.Message}: {inner.Message}" : error.Message), ++failures);
            }
            catch (Exception error)
            {
                delay = DelayAfter(++failures);
                _activity.LastError = error.Message;
                Log.ReaderFailed(_logger, delay, error);
            }
            await _publisher.ResetAsync();
            if (!await WaitAsync(delay, stopping)) break;
        }
        await FinishAsync();
    }

    private TimeSpan Answer(SessionEnd end, int failures)
    {
        _activity.LastError = end.Reason;
        switch (end)
        {
            case SessionEnd.CursorAhead:
                _activity.Alarm = end.Reason;
                Log.CursorAhead(_logger, _publisher.Cursor, _options.RelayUrl.Authority, end.Reason, _options.CursorAheadDelay);
                _activity.Gap("future-cursor");
                return _options.CursorAheadDelay;
            case SessionEnd.Dropped or SessionEnd.TooSlow or SessionEnd.Refused:
                _activity.Alarm = null;
                var delay = DelayAfter(failures);
                Log.Reconnecting(_logger, _options.RelayUrl.Authority, end.Reason, delay);
                return delay;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Full jitter, so that the clients of a relay that restarts do not come back as one.</summary>
    private TimeSpan DelayAfter(int failures)
    {
        var most = Math.Min(_options.MaxReconnectDelay.TotalSeconds, _options.ReconnectDelay.TotalSeconds * Math.Pow(2, Math.Min(failures, 30)));
        return TimeSpan.FromSeconds(most * _random.NextDouble());
    }

    private async ValueTask<bool> WaitAsync(TimeSpan delay, CancellationToken stopping)
    {
        try
        {
            await Task.Delay(delay, _time, stopping);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async ValueTask FinishAsync()
    {
        try
        {
            // What is only half on its way comes again after the restart; the cursor of what is in the queue is worth the wait.
            await _publisher.ResetAsync();
            await _publisher.CompleteAsync(CancellationToken.None);
        }
        catch (Exception error)
        {
            Log.ReaderFailed(_logger, TimeSpan.Zero, error);
        }
    }
}
