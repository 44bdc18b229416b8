using Microsoft.Data.Sqlite;
using Millrace.Storage;

namespace Firehose.Storage.Sqlite;

/// <summary>
/// The network's copy in one SQLite file. One connection writes, a batch a transaction; another one answers questions. Several
/// processes may share the file.
/// </summary>
internal sealed class SqliteFirehoseStore : FirehoseStore
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _writing = new(1), _reading = new(1);
    private readonly SqliteConnection _writes, _reads;
    private readonly SqliteBatchWriter _batches;
    private readonly SqliteStatement _begin, _commit, _rollback, _listTotals;
    private DateTimeOffset _sweepAt;
    private bool _disposed;

    private SqliteFirehoseStore(string path, SqliteConnection writes, SqliteConnection reads, TimeProvider time)
    {
        Path = path;
        _writes = writes;
        _reads = reads;
        _time = time;
        _batches = new SqliteBatchWriter(writes);
        _begin = _batches.Prepared("begin");
        _commit = _batches.Prepared("commit");
        _rollback = _batches.Prepared("rollback");
        _listTotals = new SqliteStatement(reads, "list_totals");
        Cursors = new SqliteCursors(this);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    public override string Description => $"SQLite ({Path})";

    public override CursorStore Cursors { get; }

    /// <summary>Opens the file at <paramref name="path"/>, made if need be, and brings it to this build's schema.</summary>
    /// <exception cref="StoreException">The file cannot be used; says why and what to do.</exception>
    public static SqliteFirehoseStore Open(string path, TimeProvider time)
    {
        SqliteConnection? writes = null, reads = null;
        try
        {
            writes = Connect(path, SqliteOpenMode.ReadWriteCreate);
            RequireWal(writes, path);
            SqliteSchema.Upgrade(writes);
            reads = Connect(path, SqliteOpenMode.ReadOnly);
            return new SqliteFirehoseStore(path, writes, reads, time);
        }
        catch (Exception error)
        {
            reads?.Dispose();
            writes?.Dispose();
            if (error is SqliteException fault) throw SqliteFault.Explain(fault, path);
            throw;
        }
    }

    public override async ValueTask<FirehoseTotals> ReadTotalsAsync(CancellationToken stopping)
    {
        await _reading.WaitAsync(stopping);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var values = new Dictionary<string, long>(StringComparer.Ordinal);
            while (_listTotals.Step()) values[_listTotals.GetText(0)!] = _listTotals.GetLong(1);
            return FirehoseTotals.Of(values);
        }
        catch (SqliteException fault)
        {
            throw SqliteFault.Explain(fault, Path);
        }
        finally
        {
            _reading.Release();
        }
    }

    public override async ValueTask<long> CountUsersAsync(CancellationToken stopping)
    {
        await _reading.WaitAsync(stopping);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            using var count = new SqliteStatement(_reads, "count_users");
            return count.Step() ? count.GetLong(0) : 0;
        }
        catch (SqliteException fault)
        {
            throw SqliteFault.Explain(fault, Path);
        }
        finally
        {
            _reading.Release();
        }
    }

    protected override async ValueTask<ApplyResult> ApplyCoreAsync(IReadOnlyList<FirehoseEvent> events, CancellationToken stopping)
    {
        await _writing.WaitAsync(stopping);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return InTransaction(() => Apply(events));
        }
        finally
        {
            _writing.Release();
        }
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        await _writing.WaitAsync();
        await _reading.WaitAsync();
        try
        {
            if (_disposed) return;
            _disposed = true;
            _batches.Dispose();
            _listTotals.Dispose();
            await _reads.DisposeAsync();
            await _writes.DisposeAsync();
        }
        finally
        {
            _reading.Release();
            _writing.Release();
        }
    }

    private ApplyResult Apply(IReadOnlyList<FirehoseEvent> events)
    {
        var now = _time.GetUtcNow();
        var repos = new Dictionary<string, RepoState>(StringComparer.Ordinal);
        var reported = new Dictionary<(string, string), string>();
        foreach (var next in events)
        {
            if (!repos.ContainsKey(next.Frame.Did)) repos.Add(next.Frame.Did, _batches.ReadRepo(next.Frame.Did));
            foreach (var change in next.Changes)
                if (change.Fault is not null && _batches.ReadRejected(change.Uri, next.Frame.Rev!) is { } delivery)
                    reported[(change.Uri, next.Frame.Rev!)] = delivery;
        }

        var fold = new BatchFold(repos, reported, now);
        var result = fold.AddAll(events);
        _batches.Write(fold, repos.Values, TimeText.Of(now + Remembered));
        if (now >= _sweepAt) Forget(now);
        return result;
    }

    /// <summary>Drops what need not be remembered any longer, a thousand at a time so that no batch waits for it.</summary>
    private void Forget(DateTimeOffset now)
    {
        var dropped = _batches.Prepared("expire_tombstones").Bind(1, TimeText.Of(now)).Run();
        _batches.Prepared("expire_rejected").Bind(1, TimeText.Of(now)).Run();
        if (dropped == 0) _sweepAt = now + SweepEvery;
    }

    private T InTransaction<T>(Func<T> work)
    {
        try
        {
            _begin.Run();
            try
            {
                var result = work();
                _commit.Run();
                return result;
            }
            catch
            {
                // SQLite itself rolls back on some errors; a second roll back then fails and means nothing.
                if (SQLitePCL.raw.sqlite3_get_autocommit(_writes.Handle!) == 0) _rollback.Run();
                _batches.Reset();
                throw;
            }
        }
        catch (SqliteException fault) when (SqliteFault.IsOfTheFile(fault))
        {
            throw SqliteFault.Explain(fault, Path);
        }
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, "PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;");
        return connection;
    }

    private static void RequireWal(SqliteConnection connection, string path)
    {
        if (Execute(connection, "PRAGMA journal_mode = WAL;") is not "wal")
            throw new StoreException("DUR001", $"{path} cannot be opened in write-ahead mode: put the data directory on a local disk.");
    }

    private static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>The cursors, in the same file and under the same lock as the tables.</summary>
    private sealed class SqliteCursors(SqliteFirehoseStore store) : CursorStore
    {
        public override async ValueTask<long?> ReadAsync(string host, CancellationToken stopping)
        {
            await store._writing.WaitAsync(stopping);
            try
            {
                ObjectDisposedException.ThrowIf(store._disposed, store);
                var select = store._batches.Prepared("select_cursor").Bind(1, host);
                if (!select.Step()) return null;
                var seq = select.GetLong(0);
                select.Reset();
                return seq;
            }
            finally
            {
                store._writing.Release();
            }
        }

        public override async ValueTask SaveAsync(string host, long seq, CancellationToken stopping)
        {
            await store._writing.WaitAsync(stopping);
            try
            {
                ObjectDisposedException.ThrowIf(store._disposed, store);
                store.InTransaction(() => store._batches.Prepared("save_cursor").Bind(1, host).Bind(2, seq).Bind(3, TimeText.Of(store._time.GetUtcNow())).Run());
            }
            finally
            {
                store._writing.Release();
            }
        }
    }
}
