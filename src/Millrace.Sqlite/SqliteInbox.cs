using Microsoft.Data.Sqlite;
using Millrace.Handling;
using Millrace.Sources;
using Millrace.Sqlite.Files;

namespace Millrace.Sqlite;

/// <summary>
/// Effects once: records a delivery in the handler's own transaction, in the database that holds the effects. Effect and record
/// commit together, and a delivery that comes again completes without running.
/// </summary>
public sealed class SqliteInbox : Inbox
{
    private readonly string _connectionString;

    /// <summary>An inbox in the database the handlers write to; <see cref="EnsureCreated"/> makes its table.</summary>
    public SqliteInbox(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite }.ToString();
    }

    /// <summary>Makes the table <c>millrace_inbox</c> unless it is there; call it where you make your own tables.</summary>
    public static void EnsureCreated(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = Command(connection, transaction: null, "create_inbox");
        command.ExecuteNonQuery();
    }

    /// <summary>Records the delivery in your transaction, before or after its effect.</summary>
    /// <returns>False when it is recorded already: its effect is there, so write none and return.</returns>
    public static bool TryRecord(SqliteTransaction transaction, HandlerContext context)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(context);
        using var command = Command(transaction.Connection!, transaction, "insert_inbox");
        Bind(command, context.Worker, context.Delivery);
        return command.ExecuteNonQuery() == 1;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> ContainsAsync(string worker, Delivery delivery, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(delivery);
        return await RunAsync("find_inbox", command => Bind(command, worker, delivery), async command => await command.ExecuteScalarAsync(stopping) is not null, stopping);
    }

    /// <summary>Forgets records older than <paramref name="age"/>, in steps of 1,000; keep them longer than the longest retry horizon plus the time finished jobs can come back.</summary>
    /// <returns>How many were forgotten.</returns>
    public async ValueTask<int> PruneAsync(TimeSpan age, CancellationToken stopping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        var forgotten = 0;
        int step;
        do
        {
            step = await RunAsync(
                "prune_inbox", command => command.Parameters.AddWithValue("$age", age.TotalSeconds), command => command.ExecuteNonQueryAsync(stopping), stopping);
            forgotten += step;
        }
        while (step > 0);
        return forgotten;
    }

    private static SqliteCommand Command(SqliteConnection connection, SqliteTransaction? transaction, string name)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = SqlText.Read(name);
        return command;
    }

    private static void Bind(SqliteCommand command, string worker, Delivery delivery)
    {
        command.Parameters.AddWithValue("$worker", worker);
        command.Parameters.AddWithValue("$queue", delivery.Queue);
        command.Parameters.AddWithValue("$delivery", delivery.Id);
    }

    private async Task<T> RunAsync<T>(string name, Action<SqliteCommand> bind, Func<SqliteCommand, Task<T>> run, CancellationToken stopping)
    {
        try
        {
            await using var connection = new SqliteConnection(_connectionString);
            await connection.OpenAsync(stopping);
            await using var command = Command(connection, transaction: null, name);
            bind(command);
            return await run(command);
        }
        catch (SqliteException error)
        {
            throw StoreFault.Explain(error, new SqliteConnectionStringBuilder(_connectionString).DataSource);
        }
    }
}
