using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Millrace.Diagnostics;
using Millrace.Sqlite.Files;
using Millrace.Storage;
using SQLitePCL;

namespace Millrace.Sqlite.Writing;

/// <summary>
/// The one writer of a store in this process. It takes what operations there are, runs them in one transaction and answers all of
/// them after one flush to disk. Its own thread, because it waits for the disk and because claims must be renewed even while the
/// pool is exhausted.
/// </summary>
internal sealed class Writer : IDisposable
{
    private readonly Channel<WriteOperation> _operations;
    private readonly Func<WriteSession> _open;
    private readonly Action<string> _wake;
    private readonly Action _wakeAll;
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private WriteSession? _session;
    private long _dataVersion;
    private long _commits;
    private volatile bool _lookAround;

    public Writer(WriteSession session, Func<WriteSession> open, Action<string> wake, Action wakeAll, SqliteStoreOptions options, TimeProvider time, ILogger logger)
    {
        (_session, _open, _wake, _wakeAll, _options, _time, _logger) = (session, open, wake, wakeAll, options, time, logger);
        // The thread blocks on the channel; completing its wait inline saves a hop over the pool.
        _operations = Channel.CreateBounded<WriteOperation>(new BoundedChannelOptions(options.MaxQueued)
        {
            SingleReader = true,
            AllowSynchronousContinuations = true,
        });
        _thread = new Thread(Run) { IsBackground = true, Name = "millrace-sqlite-writer" };
        _thread.Start();
    }

    /// <summary>Commits with at least one operation since the start.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>Does <paramref name="work"/> within the next commit. Cancelled, it either did not happen or its result is returned.</summary>
    /// <exception cref="StoreException">The file cannot be written; nothing happened.</exception>
    public async ValueTask<T> RunAsync<T>(Func<WriteSession, T> work, CancellationToken stopping, int bytes = 0)
    {
        var operation = new WriteOperation<T>(work, bytes);
        try
        {
            await _operations.Writer.WriteAsync(operation, stopping);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(SqliteStore));
        }

        if (!stopping.CanBeCanceled) return await operation.Done;
        await using (stopping.UnsafeRegister(static (state, token) => TakeBack((WriteOperation)state!, token), operation))
            return await operation.Done;
    }

    /// <summary>Looks whether another process has committed, and wakes everybody if so.</summary>
    public void LookAround()
    {
        _lookAround = true;
        _operations.Writer.TryWrite(LookAroundOperation.Instance);
    }

    /// <summary>Finishes what was handed over and closes the connection.</summary>
    public void Dispose()
    {
        if (_operations.Writer.TryComplete()) _thread.Join();
    }

    private static void TakeBack(WriteOperation operation, CancellationToken cancelled)
    {
        if (operation.TryTakeBack()) operation.Cancel(cancelled);
    }

    private void Run()
    {
        var group = new List<WriteOperation>();
        while (Wait())
        {
            Gather(group);
            if (group.Count > 0) Write(group);
            group.Clear();
            if (_lookAround) Compare();
        }

        _session?.Dispose();
    }

    private bool Wait()
    {
        var ready = _operations.Reader.WaitToReadAsync();
        return ready.IsCompleted ? ready.Result : ready.AsTask().GetAwaiter().GetResult();
    }

    private void Gather(List<WriteOperation> group)
    {
        var bytes = 0L;
        var since = _options.MaxBatchAge > TimeSpan.Zero ? _time.GetTimestamp() : 0;
        while (group.Count < _options.MaxBatchCount && bytes < _options.MaxBatchBytes)
        {
            if (_operations.Reader.TryRead(out var operation))
            {
                if (operation is LookAroundOperation || !operation.TryBegin()) continue;
                group.Add(operation);
                bytes += operation.Bytes;
            }
            else if (since == 0 || group.Count == 0 || _time.GetElapsedTime(since) >= _options.MaxBatchAge)
            {
                return;
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    /// <summary>Runs the group in one commit, or, when one of them is at fault, the others without it.</summary>
    private void Write(List<WriteOperation> group)
    {
        while (group.Count > 0)
        {
            WriteOperation? current = null;
            try
            {
                _session ??= _open();
                _session.Begin();
                foreach (var operation in group)
                {
                    current = operation;
                    operation.Execute(_session);
                }

                current = null;
                CrashPoints.Reach("sqlite.before-commit");
                _session.Commit();
                CrashPoints.Reach("sqlite.after-commit");
                Interlocked.Increment(ref _commits);
                break;
            }
            catch (SqliteException error) when (StoreFault.IsOfTheFile(error))
            {
                GiveUp(group, error);
                return;
            }
            catch (Exception error)
            {
                _session?.Rollback();
                if (current is null || error is StoreException)
                {
                    foreach (var operation in group) operation.Fail(error);
                    return;
                }

                group.Remove(current);
                current.Fail(error);
            }
        }

        if (group.Count > 0) Answer(group, _session!);
    }

    /// <summary>The commit is on disk: whatever goes wrong from here is no reason to tell anybody that it is not.</summary>
    private void Answer(List<WriteOperation> group, WriteSession session)
    {
        try
        {
            session.Announce(_wake);
        }
        catch (Exception error)
        {
            Log.AnnouncementFailed(_logger, error);
        }

        foreach (var operation in group) operation.Succeed();
    }

    private void GiveUp(List<WriteOperation> group, SqliteException error)
    {
        _session?.Rollback();
        if (error.SqliteErrorCode == raw.SQLITE_FULL && group.Count > 1)
        {
            // There may be room for those that free space, and for the small ones.
            foreach (var operation in group) Write([operation]);
            return;
        }

        var explained = StoreFault.Explain(error, _options.Path);
        foreach (var operation in group) operation.Fail(explained);
        if (error.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_FULL) return;
        // After anything worse the connection is suspect: the next group opens another.
        _session?.Dispose();
        _session = null;
    }

    private void Compare()
    {
        _lookAround = false;
        try
        {
            if (_session?.DataVersion() is not { } version || version == _dataVersion) return;
            _dataVersion = version;
            _wakeAll();
        }
        catch (SqliteException)
        {
            // Whoever waits will look at its next deadline; the next write reports the fault.
        }
    }

    private sealed class LookAroundOperation() : WriteOperation(0)
    {
        public static LookAroundOperation Instance { get; } = new();

        public override void Execute(WriteSession session) => throw new UnreachableException();

        public override void Succeed() => throw new UnreachableException();

        public override void Fail(Exception error) => throw new UnreachableException();

        public override void Cancel(CancellationToken cancelled) => throw new UnreachableException();
    }
}
