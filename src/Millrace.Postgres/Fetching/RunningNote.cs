using Microsoft.Extensions.Logging;
using Millrace.Postgres.Connecting;

namespace Millrace.Postgres.Fetching;

/// <summary>
/// Which deliveries have a handler running now, written to the owner's row behind the back of whoever says so: one write at a time,
/// begun at once when none is under way, with all that changed since. Whoever rescues a dead owner reads it.
/// </summary>
internal sealed class RunningNote(Database database, long owner, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly HashSet<long> _running = [];
    private TaskCompletionSource? _noted;
    private Task _writing = Task.CompletedTask;
    private bool _active;
    private bool _changed;
    private bool _closed;

    public void Mark(long number)
    {
        lock (_gate)
            if (_running.Add(number)) Change();
    }

    public void Clear(long number)
    {
        lock (_gate)
            if (_running.Remove(number)) Change();
    }

    /// <summary>Ends when all that was said until now is written, or could not be written.</summary>
    public Task WriteAsync()
    {
        lock (_gate)
        {
            if (_closed) return Task.CompletedTask;
            _noted ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            var noted = _noted.Task;
            Change();
            return noted;
        }
    }

    /// <summary>Tries again what could not be written before.</summary>
    public void Remind()
    {
        lock (_gate)
            if (_changed) Change();
    }

    /// <summary>Writes no more; ends when no write is under way.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closed = true;
            return _writing;
        }
    }

    private void Change()
    {
        _changed = true;
        if (_active || _closed) return;
        _active = true;
        _writing = RunAsync();
    }

    private async Task RunAsync()
    {
        // Whoever started this holds the gate, and may be a handler about to run.
        await Task.Yield();
        while (Next() is var (numbers, noted))
        {
            var written = await TryWriteAsync(numbers);
            noted?.TrySetResult();
            if (!written) return;
        }
    }

    private (long[] Numbers, TaskCompletionSource? Noted)? Next()
    {
        lock (_gate)
        {
            if (!_changed || _closed)
            {
                _noted?.TrySetResult();
                _active = false;
                return null;
            }

            _changed = false;
            var noted = _noted;
            _noted = null;
            return ([.. _running], noted);
        }
    }

    private async Task<bool> TryWriteAsync(long[] numbers)
    {
        try
        {
            await database.RunAsync([new("commit_lazily"), new("write_running", Value.Of(owner), Value.Of(numbers))], (_, _) => Task.FromResult(true), CancellationToken.None);
            return true;
        }
        catch (Exception error)
        {
            Log.RunningNotNoted(logger, owner, error);
            lock (_gate)
            {
                _changed = true;
                _active = false;
                _noted?.TrySetResult();
                _noted = null;
            }

            return false;
        }
    }
}
