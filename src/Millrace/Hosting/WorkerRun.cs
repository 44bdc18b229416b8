using Microsoft.Extensions.Logging;
using Millrace.Diagnostics;
using Millrace.Dispatch;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Hosting;

/// <summary>One life of a worker, from opening its source to the last settlement: fetches, renews, watches time-outs, then drains.</summary>
internal sealed class WorkerRun : IAsyncDisposable
{
    /// <summary>How long a handler that ignores its token is waited for after the drain deadline.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstFetchDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestFetchDelay = TimeSpan.FromSeconds(10);

    /// <summary>A source that cannot be reached says so sooner.</summary>
    private static readonly TimeSpan FailsWithin = TimeSpan.FromSeconds(15);

    private readonly Source _source;
    private readonly WorkerOptions _options;
    private readonly WorkerTools _tools;
    private readonly Dispatcher _dispatcher;
    private readonly Settler _settler;
    private readonly CancellationTokenSource _stopped = new();
    private Task _background = Task.CompletedTask;
    private string? _fetchError;
    private long _triedAt;
    private long _fetched;

    public WorkerRun(Source source, WorkerRegistration worker, HandlerCall call, SettlementLog log, WorkerMeters meters, WorkerTools tools)
    {
        _source = source;
        _options = worker.Options;
        _tools = tools;
        _settler = new(source, new() { BatchSize = _options.SettleBatchSize, MaxAge = _options.SettleMaxAge }, log, meters, tools.Time, tools.Random, tools.Logger);
        var options = new DispatcherOptions
        {
            Concurrency = _options.Concurrency,
            BatchSize = worker.Batched ? _options.BatchSize : 1,
            BatchMaxAge = _options.BatchMaxAge,
            MaxInFlight = _options.MaxInFlight,
            MaxInFlightBytes = _options.MaxInFlightBytes,
            Timeout = _options.Timeout,
        };
        _dispatcher = call.One is { } one
            ? new(source, options, one, _settler.Add, _settler.Hurry, tools.Time)
            : new(source, options, call.Many!, _settler.Add, _settler.Hurry, tools.Time);
        log.Freed = _dispatcher.Written;
        _dispatcher.Fetcher.Fetched = (count, took) =>
        {
            _fetched++;
            _fetchError = null;
            meters.Fetched(count, took);
        };
    }

    public DispatcherState State => _dispatcher.State;

    /// <summary>The latest failure to fetch or settle, in one line; null when the latest try went well.</summary>
    public string? LastError => _settler.LastError ?? (IsWaiting ? null : _fetchError);

    /// <summary>A fetch that goes on so long and does not fail has found its source again, and nothing in it yet.</summary>
    private bool IsWaiting => _dispatcher.Fetcher.Fetching && _tools.Time.GetElapsedTime(Interlocked.Read(ref _triedAt)) > FailsWithin;

    /// <summary>Runs until <paramref name="quiet"/>, then lets running handlers end until <paramref name="deadline"/>.</summary>
    public async Task RunAsync(bool paused, CancellationToken quiet, CancellationToken deadline)
    {
        _settler.Start();
        if (paused) _ = _dispatcher.Fetcher.PauseAsync();
        _dispatcher.Start();
        _background = Task.WhenAll(RenewAsync(), WatchAsync());
        try
        {
            await FetchAsync(quiet);
        }
        finally
        {
            _dispatcher.Fetcher.Ended();
            await DrainAsync(deadline);
        }
    }

    /// <summary>Claims nothing more, gives back what waits, writes what is decided; running handlers go on.</summary>
    public async Task PauseAsync()
    {
        // Both at once: who resumes meanwhile must not be followed by the rest of the pause.
        _dispatcher.Quiet();
        await _dispatcher.Fetcher.PauseAsync();
        await _settler.FlushAsync();
    }

    public void Resume()
    {
        _dispatcher.Resume();
        _dispatcher.Fetcher.Resume();
    }

    public void SetConcurrency(int concurrency) => _dispatcher.SetConcurrency(concurrency);

    public async ValueTask DisposeAsync()
    {
        _stopped.Dispose();
        await _source.DisposeAsync();
    }

    private async Task FetchAsync(CancellationToken quiet)
    {
        for (var delay = FirstFetchDelay; !quiet.IsCancellationRequested;)
        {
            var before = _fetched;
            Interlocked.Exchange(ref _triedAt, _tools.Time.GetTimestamp());
            try
            {
                await _dispatcher.Fetcher.RunAsync(quiet);
                return;
            }
            catch (Exception error) when (!quiet.IsCancellationRequested)
            {
                if (_fetched != before) delay = FirstFetchDelay;
                _fetchError = error.Message;
                Log.FetchFailed(_tools.Logger, _source.Options.Queue, delay, error);
            }

            await EndedAsync(Task.Delay(delay * (0.5 + (_tools.Random.NextDouble() / 2)), _tools.Time, quiet), quiet);
            delay = delay * 2 < LongestFetchDelay ? delay * 2 : LongestFetchDelay;
        }
    }

    private Task RenewAsync()
    {
        if (!_source.Capabilities.HasFlag(SourceCapabilities.Leases)) return Task.CompletedTask;
        return new LeaseRenewer(_source, _dispatcher, _tools.Time, _tools.Logger) { AlsoHeld = _settler.CopyTo }.RunAsync(_stopped.Token);
    }

    private Task WatchAsync() =>
        _options.Timeout is { } timeout ? new TimeoutWatch(_dispatcher, timeout, _tools.Time).RunAsync(_stopped.Token) : Task.CompletedTask;

    private async Task DrainAsync(CancellationToken deadline)
    {
        _dispatcher.Quiet();
        var drained = _dispatcher.DrainAsync();
        if (!await EndedAsync(drained, deadline))
        {
            _dispatcher.InterruptAll(Interruption.Stop);
            using var grace = new CancellationTokenSource(Grace, _tools.Time);
            if (!await EndedAsync(drained, grace.Token)) Log.HandlersAbandoned(_tools.Logger, _source.Options.Queue, _dispatcher.State.Running);
        }

        await FlushAsync();
        await _stopped.CancelAsync();
        await _background;
        if (drained.IsCompleted) await _dispatcher.DisposeAsync();
        await _settler.DisposeAsync();
    }

    private async Task FlushAsync()
    {
        using var grace = new CancellationTokenSource(Grace, _tools.Time);
        if (!await EndedAsync(_settler.FlushAsync(), grace.Token)) _settler.GiveUp();
    }

    private static async Task<bool> EndedAsync(Task task, CancellationToken deadline)
    {
        try
        {
            await task.WaitAsync(deadline);
            return true;
        }
        catch (OperationCanceledException)
        {
            return task.IsCompleted;
        }
    }
}

/// <summary>What every part of a worker needs from outside.</summary>
internal sealed record WorkerTools(TimeProvider Time, Random Random, ILogger Logger);
