using Millrace.Diagnostics;
using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>Asks one source again and again for as much as its dispatcher has room for; one fetch at a time.</summary>
internal sealed class Fetcher(Dispatcher dispatcher, Source source, TimeProvider time) : IDisposable
{
    /// <summary>Claims that wait longer than this for a slot mean that too much was asked for.</summary>
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private CancellationTokenSource _open = new();
    private TaskCompletionSource? _pausing;
    private bool _paused;

    /// <summary>Raised when there may be room again.</summary>
    public Signal Room { get; } = new();

    /// <summary>Told how many deliveries each fetch brought, and how long it took, waiting for them included.</summary>
    public Action<int, TimeSpan>? Fetched { get; set; }

    /// <summary>Whether a fetch is under way.</summary>
    public bool Fetching { get; private set; }

    /// <summary>Whether a pause is in force.</summary>
    public bool Paused => _paused;

    /// <summary>Fetches until <paramref name="quiet"/>; throws what the source throws, and may be called again after that.</summary>
    public async Task RunAsync(CancellationToken quiet)
    {
        await using var wake = quiet.UnsafeRegister(static fetcher => ((Fetcher)fetcher!).Room.Set(), this);
        while (!quiet.IsCancellationRequested)
        {
            if (HoldForPause() || dispatcher.Ask() is not { } limit)
            {
                var since = time.GetTimestamp();
                dispatcher.NoRoom();
                await Room.WaitAsync();
                if (time.GetElapsedTime(since) > LongWait) dispatcher.Shrink();
                continue;
            }

            await FetchOnceAsync(limit, quiet);
        }
    }

    /// <summary>Claims nothing more; ends when no fetch is under way.</summary>
    public Task PauseAsync()
    {
        lock (_gate)
        {
            if (_paused && _pausing is null) return Task.CompletedTask;
            _paused = true;
            _pausing ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            var acknowledged = _pausing.Task;
            _open.Cancel();
            Room.Set();
            return acknowledged;
        }
    }

    /// <summary>Claims again.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            if (!_paused) return;
            _paused = false;
            _pausing?.TrySetResult();
            _pausing = null;
            _open = new();
        }

        Room.Set();
    }

    /// <summary>Lets nobody wait for a fetcher that has ended.</summary>
    public void Ended()
    {
        lock (_gate)
        {
            _pausing?.TrySetResult();
            _pausing = null;
        }
    }

    public void Dispose() => _open.Dispose();

    private bool HoldForPause()
    {
        lock (_gate)
        {
            if (!_paused) return false;
            _pausing?.TrySetResult();
            _pausing = null;
            return true;
        }
    }

    private async Task FetchOnceAsync(FetchLimit limit, CancellationToken quiet)
    {
        using var either = Begin(quiet);
        try
        {
            var started = time.GetTimestamp();
            var fetched = await source.FetchAsync(limit, either.Token);
            CrashPoints.Reach("fetch.claimed");
            Fetched?.Invoke(fetched.Count, time.GetElapsedTime(started));
            dispatcher.Absorb(fetched, all: fetched.Count >= limit.Count);
            CrashPoints.Reach("dispatch.queued");
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Paused or stopping: the source gave back what it had claimed.
        }
        finally
        {
            End();
        }
    }

    private CancellationTokenSource Begin(CancellationToken quiet)
    {
        lock (_gate)
        {
            Fetching = true;
            return CancellationTokenSource.CreateLinkedTokenSource(quiet, _open.Token);
        }
    }

    private void End()
    {
        Fetching = false;
        dispatcher.FetchEnded();
    }
}
