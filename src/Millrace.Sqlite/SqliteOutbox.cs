using Microsoft.Data.Sqlite;
using Millrace.Sqlite.Files;
using Millrace.Sqlite.Outboxes;
using Millrace.Storage;

namespace Millrace.Sqlite;

/// <summary>
/// Publishing that commits with your own transaction: jobs are rows of your database first and move to the store afterwards, so they
/// are accepted exactly when your transaction commits. A relay that dies between the two publishes again under the same deduplication id.
/// </summary>
public sealed class SqliteOutbox
{
    private const int Step = 500;

    private readonly OutboxTable _table;
    private readonly JobStore _store;
    private readonly TimeProvider _time;

    /// <summary>The outbox in the database at <paramref name="path"/>, emptied into <paramref name="store"/>; <see cref="EnsureCreated"/> makes its tables.</summary>
    public SqliteOutbox(string path, JobStore store, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(store);
        (_table, _store, _time) = (new OutboxTable(path), store, time ?? TimeProvider.System);
    }

    /// <summary>Makes the tables <c>millrace_outbox</c> and <c>millrace_outbox_name</c> unless they are there; call it where you make your own tables.</summary>
    public static void EnsureCreated(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = connection.CreateCommand();
        command.CommandText = SqlText.Read("create_outbox");
        command.ExecuteNonQuery();
    }

    /// <summary>Adds the jobs to your transaction; they are published in this order once it has committed.</summary>
    /// <exception cref="ArgumentException">A job that no store takes; nothing was added.</exception>
    public static void Add(SqliteTransaction transaction, params IReadOnlyList<NewJob> jobs)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(jobs);
        var now = OutboxTable.Now(transaction);
        foreach (var job in jobs)
        {
            JobRules.Check(job);
            JobRules.DueAt(job, now);
        }

        OutboxTable.Insert(transaction, jobs);
    }

    /// <summary>Moves what is committed to the store.</summary>
    /// <returns>How many jobs were moved.</returns>
    /// <exception cref="StoreException">One of the two databases cannot be used; what was not moved stays.</exception>
    public async ValueTask<int> DrainAsync(CancellationToken stopping)
    {
        var moved = 0;
        while (true)
        {
            var (jobs, last) = await _table.ReadAsync(Step, stopping);
            if (jobs.Count == 0) return moved;
            await _store.EnqueueAsync(jobs, stopping);
            await _table.DeleteAsync(last, stopping);
            moved += jobs.Count;
        }
    }

    /// <summary>Drains at every <paramref name="interval"/> until stopped; a database that cannot be used is tried again at the next.</summary>
    public async Task RunAsync(TimeSpan interval, Action<StoreException>? failed, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval, _time);
        try
        {
            do
            {
                try
                {
                    await DrainAsync(stopping);
                }
                catch (StoreException error)
                {
                    failed?.Invoke(error);
                }
            }
            while (await timer.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What is left is moved by the next relay.
        }
    }
}
