using Millrace.Postgres.Connecting;
using Millrace.Postgres.Enqueuing;
using Millrace.Postgres.Outboxes;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres;

/// <summary>
/// Publishing that commits with your own transaction: jobs are rows of your database first and move to the store afterwards, so they
/// are accepted exactly when your transaction commits. A relay that dies between the two publishes again under the same deduplication
/// id. Transactions that ran at the same time have no order among each other.
/// </summary>
public sealed class PostgresOutbox
{
    private const int Step = 500;

    private readonly OutboxTable _table;
    private readonly JobStore _store;
    private readonly TimeProvider _time;

    /// <summary>
    /// The outbox in the database of <paramref name="source"/>, which stays the caller's, emptied into <paramref name="store"/>;
    /// <see cref="EnsureCreatedAsync"/> makes its tables.
    /// </summary>
    public PostgresOutbox(NpgsqlDataSource source, JobStore store, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        (_table, _store, _time) = (new OutboxTable(source), store, time ?? TimeProvider.System);
    }

    /// <summary>Makes the tables <c>millrace_outbox</c> and <c>millrace_outbox_name</c> unless they are there; call it where you make your own tables.</summary>
    public static async Task EnsureCreatedAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await OwnTables.CreateAsync(connection, "create_outbox", stopping);
    }

    /// <summary>Adds the jobs to your transaction; they are published in this order once it has committed.</summary>
    /// <exception cref="ArgumentException">A job that no store takes; nothing was added.</exception>
    public static async Task AddAsync(NpgsqlTransaction transaction, IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(jobs);
        foreach (var job in jobs) JobRules.Check(job);
        if (jobs.Count > 0) await OutboxTable.InsertAsync(transaction, jobs, JobValues.Due(jobs, await OutboxTable.NowAsync(transaction, stopping)), stopping);
    }

    /// <summary>Moves what is committed to the store.</summary>
    /// <returns>How many jobs were moved.</returns>
    /// <exception cref="StoreException">One of the two databases cannot be used; what was not moved stays.</exception>
    public async ValueTask<int> DrainAsync(CancellationToken stopping)
    {
        var moved = 0;
        while (true)
        {
            var (jobs, numbers) = await _table.ReadAsync(Step, stopping);
            if (jobs.Count == 0) return moved;
            await _store.EnqueueAsync(jobs, stopping);
            await _table.DeleteAsync(numbers, stopping);
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
