using Millrace.Diagnostics;
using Millrace.Retries;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Keeps one worker alive: a life that fails is followed by another after a backoff, up to the number of tries; others are not concerned.</summary>
internal sealed class Worker(WorkerRegistration registration, MillraceOptions options, JobStore? store, IServiceProvider services, WorkerTools tools) : IDisposable
{
    private static readonly TimeSpan FirstRestart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRestart = TimeSpan.FromMinutes(1);

    /// <summary>A life this long shows that the worker works; the tries start over.</summary>
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SettlementLog _log = new();
    private WorkerRun? _run;
    private CancellationTokenSource _quiet = new();
    private CancellationTokenSource _deadline = new();
    private Task _life = Task.CompletedTask;
    private WorkerState _state = WorkerState.Starting;
    private Pause? _pause;
    private string? _lastError;
    private int _restarts;

    public string Name => registration.Name;

    public Pause? Pause => _pause;

    public WorkerStatus Status
    {
        get
        {
            lock (_gate)
            {
                var now = _run?.State ?? default;
                return new()
                {
                    Name = Name,
                    Queue = registration.Queue,
                    State = _state is WorkerState.Starting or WorkerState.Running && _pause is not null ? WorkerState.Paused : _state,
                    Concurrency = registration.Options.Concurrency,
                    Running = now.Running,
                    Buffered = now.Waiting,
                    InFlight = now.InFlight,
                    InFlightBytes = now.InFlightBytes,
                    Keys = now.Keys,
                    Settled = _log.Counts,
                    Restarts = _restarts,
                    LastError = _run?.LastError ?? _lastError,
                    Pause = _pause,
                };
            }
        }
    }

    public void Start(Pause? pause)
    {
        lock (_gate)
        {
            _pause = pause;
            _quiet = new();
            _deadline = new();
            _life = LiveAsync(_quiet.Token, _deadline.Token);
        }
    }

    /// <summary>Drains; ends when the worker is over, at the latest shortly after <see cref="MillraceOptions.DrainTimeout"/> or <paramref name="hurry"/>.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        lock (_gate)
        {
            if (_state is WorkerState.Running) _state = WorkerState.Draining;
            if (_run is { } run) Log.WorkerDraining(tools.Logger, Name, run.State.Running, options.DrainTimeout);
        }

        await _quiet.CancelAsync();
        await using var overdue = tools.Time.CreateTimer(static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline, options.DrainTimeout, Timeout.InfiniteTimeSpan);
        await using var hurried = hurry.UnsafeRegister(static deadline => ((CancellationTokenSource)deadline!).Cancel(), _deadline);
        await _life;
        Log.WorkerStopped(tools.Logger, Name);
    }

    public async Task RestartAsync(CancellationToken stopping)
    {
        await _turn.WaitAsync(stopping);
        try
        {
            await StopAsync(stopping);
            Start(_pause);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends when nothing more will be claimed until <see cref="Resume"/>.</summary>
    public async Task PauseAsync(Pause pause)
    {
        Task? pausing;
        lock (_gate)
        {
            if (_pause is not null) return;
            _pause = pause;
            pausing = _run?.PauseAsync();
        }

        Log.WorkerPaused(tools.Logger, Name, pause.By, pause.Reason);
        if (pausing is not null) await pausing;
    }

    public void Resume(string by)
    {
        lock (_gate)
        {
            if (_pause is null) return;
            _pause = null;
            _run?.Resume();
        }

        Log.WorkerResumed(tools.Logger, Name, by);
    }

    public void SetConcurrency(int concurrency, string by)
    {
        lock (_gate)
        {
            registration.Options.Concurrency = concurrency;
            _run?.SetConcurrency(concurrency);
        }

        Log.ConcurrencySet(tools.Logger, Name, concurrency, by);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _quiet.Dispose();
        _deadline.Dispose();
    }

    private async Task LiveAsync(CancellationToken quiet, CancellationToken deadline)
    {
        // Whoever starts the worker does not wait for its source.
        await Task.Yield();
        for (var tries = 1; !quiet.IsCancellationRequested; tries++)
        {
            var born = tools.Time.GetTimestamp();
            try
            {
                await LiveOnceAsync(quiet, deadline);
                Set(WorkerState.Stopped, null);
                return;
            }
            catch (Exception error)
            {
                if (tools.Time.GetElapsedTime(born) > Healthy) tries = 1;
                if (tries > options.RestartTries)
                {
                    Set(WorkerState.Failed, error);
                    Log.WorkerGivenUp(tools.Logger, Name, tries, error);
                    return;
                }

                Set(WorkerState.Restarting, error);
                var delay = new Backoff.Exponential(FirstRestart, LongestRestart).Delay(tries) * (0.5 + (tools.Random.NextDouble() / 2));
                Log.WorkerFailed(tools.Logger, Name, tries, options.RestartTries, delay, error);
                await WaitAsync(delay, quiet);
                _restarts++;
            }
        }

        Set(WorkerState.Stopped, null);
    }

    private async Task LiveOnceAsync(CancellationToken quiet, CancellationToken deadline)
    {
        await using var run = MakeRun();
        bool paused;
        lock (_gate)
        {
            _run = run;
            _state = WorkerState.Running;
            _lastError = null;
            paused = _pause is not null;
        }

        Log.WorkerStarted(tools.Logger, Name, registration.Queue, registration.Options.Concurrency, registration.Options.Order.ToString());
        try
        {
            await run.RunAsync(paused, quiet, deadline);
        }
        finally
        {
            lock (_gate) _run = null;
        }
    }

    private WorkerRun MakeRun()
    {
        var own = registration.Options;
        var wanted = new SourceOptions { Queue = registration.Queue, Order = own.Order, DeadHead = own.DeadHead, Lease = own.Lease };
        var source = registration.OpenSource?.Invoke(services, wanted) ?? store!.OpenSource(wanted);
        var meters = new WorkerMeters(Name, registration.Queue, source.MessagingSystem);
        var call = registration.MakeHandler(new()
        {
            Worker = Name,
            Source = source,
            Retries = new(own.Retry, tools.Random),
            Time = tools.Time,
            Logger = tools.Logger,
            Meters = meters,
            Services = services,
            Inbox = own.Inbox,
            Tenants = own.Tenants,
            Steps = [.. own.Steps],
            MaxBodyBytes = own.MaxBodyBytes,
            Timeout = own.Timeout,
        });
        return new(source, registration, call, _log, meters, tools);
    }

    private void Set(WorkerState state, Exception? error)
    {
        lock (_gate)
        {
            _state = state;
            _lastError = error?.Message;
        }
    }

    private async Task WaitAsync(TimeSpan delay, CancellationToken quiet)
    {
        try
        {
            await Task.Delay(delay, tools.Time, quiet);
        }
        catch (OperationCanceledException)
        {
            // Stopping: no other life follows.
        }
    }
}
