using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Millrace.Diagnostics;
using Millrace.Dispatch;
using Millrace.Sources;

namespace Millrace.Settlements;

/// <summary>
/// Writes outcomes back to the source in their order, in batches by size and age, and tries again until the write succeeds. What is
/// waiting here is bounded by what the dispatcher may hold.
/// </summary>
internal sealed class Settler : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Source _source;
    private readonly SettlerOptions _options;
    private readonly SettlementLog _log;
    private readonly WorkerMeters _meters;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly Signal _work = new();
    private readonly Signal _due = new();
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _deadline = new();
    private List<Settlement> _waiting = [];
    private List<Settlement> _writing = [];
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource? _flushed;
    private bool _closed;

    /// <param name="source">Where the outcomes go.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="log">Told of every batch that was written.</param>
    /// <param name="meters">Told how long each write took.</param>
    /// <param name="time">Clock for age and backoff.</param>
    /// <param name="random">Jitter.</param>
    /// <param name="logger">Where failures are reported.</param>
    public Settler(Source source, SettlerOptions options, SettlementLog log, WorkerMeters meters, TimeProvider time, Random random, ILogger logger)
    {
        _source = source;
        _options = options;
        _log = log;
        _meters = meters;
        _time = time;
        _random = random;
        _logger = logger;
        _timer = time.CreateTimer(static signal => ((Signal)signal!).Set(), _due, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The latest failure to write, in one line; null when the latest write succeeded.</summary>
    public string? LastError { get; private set; }

    public void Start() => _loop = RunAsync();

    /// <summary>Takes a settlement; it is written soon.</summary>
    public void Add(Settlement settlement)
    {
        int count;
        lock (_gate)
        {
            _waiting.Add(settlement);
            count = _waiting.Count;
        }

        if (count == 1) _work.Set();
        if (count == _options.BatchSize) _due.Set();
    }

    /// <summary>Writes what is waiting without waiting for company: nothing more can come before it is written.</summary>
    public void Hurry()
    {
        lock (_gate)
            if (_waiting.Count == 0)
                return;
        _due.Set();
    }

    /// <summary>Writes all that is waiting now without waiting for age; ends when nothing waits.</summary>
    public Task FlushAsync()
    {
        Task flushed;
        lock (_gate)
        {
            if (_waiting.Count == 0 && _writing.Count == 0) return Task.CompletedTask;
            flushed = (_flushed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        _due.Set();
        return flushed;
    }

    /// <summary>All that is decided and not written.</summary>
    public void CopyTo(List<Delivery> held)
    {
        lock (_gate)
        {
            foreach (var settlement in _waiting) held.Add(settlement.Delivery);
            foreach (var settlement in _writing) held.Add(settlement.Delivery);
        }
    }

    /// <summary>Gives up on a write that does not succeed; what is left comes back when its lease ends.</summary>
    public void GiveUp() => _deadline.Cancel();

    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _work.Set();
        _due.Set();
        await _loop;
        await _timer.DisposeAsync();
        _deadline.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await _work.WaitAsync();
            while (HasWork())
            {
                await FillAsync();
                Swap();
                CrashPoints.Reach("settle.batched");
                await WriteAsync();
                Finish();
            }

            if (_closed) return;
        }
    }

    private bool HasWork()
    {
        lock (_gate) return _waiting.Count > 0 && !_deadline.IsCancellationRequested;
    }

    private async ValueTask FillAsync()
    {
        if (_options.MaxAge <= TimeSpan.Zero) return;
        lock (_gate)
            if (_closed || _flushed is not null || _waiting.Count >= _options.BatchSize)
                return;
        _timer.Change(_options.MaxAge, Timeout.InfiniteTimeSpan);
        await _due.WaitAsync();
    }

    private void Swap()
    {
        lock (_gate)
        {
            if (_waiting.Count <= _options.BatchSize)
            {
                (_waiting, _writing) = (_writing, _waiting);
                return;
            }

            _writing.AddRange(CollectionsMarshal.AsSpan(_waiting)[.._options.BatchSize]);   // a range of the list itself would be a copy
            _waiting.RemoveRange(0, _options.BatchSize);
        }
    }

    private async Task WriteAsync()
    {
        for (var delay = _options.RetryDelay; ; delay = Min(delay * 2, _options.MaxRetryDelay))
        {
            try
            {
                CrashPoints.Reach("settle.before-write");
                var started = _time.GetTimestamp();
                var refused = await _source.SettleAsync(_writing, _deadline.Token);
                _meters.Settled(_time.GetElapsedTime(started));
                CrashPoints.Reach("settle.after-write");
                LastError = null;
                foreach (var (delivery, outcome) in refused)
                    Log.ClaimLost(_logger, delivery.Queue, delivery.Id, outcome.GetType().Name);
                _log.Written(_writing, refused);
                return;
            }
            catch (OperationCanceledException) when (_deadline.IsCancellationRequested)
            {
                Log.SettlementsLeft(_logger, _source.Options.Queue, _writing.Count);
                return;
            }
            catch (Exception error)
            {
                LastError = error.Message;
                Log.SettlementFailed(_logger, _source.Options.Queue, _writing.Count, delay, error);
            }

            if (!await WaitAsync(delay)) return;
        }
    }

    private async Task<bool> WaitAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay * (0.5 + (_random.NextDouble() / 2)), _time, _deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            Log.SettlementsLeft(_logger, _source.Options.Queue, _writing.Count);
            return false;
        }
    }

    private void Finish()
    {
        TaskCompletionSource? flushed = null;
        lock (_gate)
        {
            _writing.Clear();
            if (_waiting.Count == 0 || _deadline.IsCancellationRequested) (flushed, _flushed) = (_flushed, null);
        }

        flushed?.TrySetResult();
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
