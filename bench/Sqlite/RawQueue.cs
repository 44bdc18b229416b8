using Microsoft.Data.Sqlite;

namespace Bench.Sqlite;

/// <summary>What somebody writes who needs a queue today: one table, prepared commands, WAL and FULL, nothing else.</summary>
internal sealed class RawQueue : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _claim;
    private readonly SqliteCommand _complete;

    /// <param name="path">The file.</param>
    /// <param name="index">Whether jobs can be claimed; without, the table is as plain and as fast as it gets.</param>
    public RawQueue(string path, bool index)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, queue TEXT NOT NULL, state INTEGER NOT NULL, enqueued_at INTEGER NOT NULL, body BLOB NOT NULL)");
        if (index) Execute("CREATE INDEX jobs_ready ON jobs (queue, id) WHERE state = 0");
        _insert = Prepare("INSERT INTO jobs (queue, state, enqueued_at, body) VALUES ($queue, 0, $at, $body)", "$queue", "$at", "$body");
        _claim = Prepare(
            "UPDATE jobs SET state = 1 WHERE id IN (SELECT id FROM jobs WHERE queue = $queue AND state = 0 ORDER BY id LIMIT $limit) RETURNING id, body",
            "$queue", "$limit");
        _complete = Prepare("DELETE FROM jobs WHERE id = $id", "$id");
    }

    /// <summary>One commit.</summary>
    public void Insert(IReadOnlyList<byte[]> bodies)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        _insert.Transaction = transaction;
        foreach (var body in bodies)
        {
            _insert.Parameters[0].Value = "bench";
            _insert.Parameters[1].Value = 1_700_000_000_000L;
            _insert.Parameters[2].Value = body;
            _insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Completes what was claimed before and claims the next, in one commit.</summary>
    public List<(long Id, byte[] Body)> CompleteAndClaim(IReadOnlyList<(long Id, byte[] Body)> done, int limit)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        _complete.Transaction = _claim.Transaction = transaction;
        foreach (var (id, _) in done)
        {
            _complete.Parameters[0].Value = id;
            _complete.ExecuteNonQuery();
        }

        _claim.Parameters[0].Value = "bench";
        _claim.Parameters[1].Value = limit;
        List<(long, byte[])> claimed = [];
        using (var rows = _claim.ExecuteReader())
            while (rows.Read()) claimed.Add((rows.GetInt64(0), rows.GetFieldValue<byte[]>(1)));
        transaction.Commit();
        return claimed;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _claim.Dispose();
        _complete.Dispose();
        _connection.Dispose();
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql, params string[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters) command.Parameters.AddWithValue(name, DBNull.Value);
        command.Prepare();
        return command;
    }
}
