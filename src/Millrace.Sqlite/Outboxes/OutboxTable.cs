using Microsoft.Data.Sqlite;
using Millrace.Sqlite.Files;
using Millrace.Storage;

namespace Millrace.Sqlite.Outboxes;

/// <summary>The rows of an outbox in somebody's own database.</summary>
internal sealed class OutboxTable(string path)
{
    /// <summary>Long enough for a relay that was down; a job with a deduplication id of its own keeps its own window.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);

    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite }.ToString();

    public static DateTimeOffset Now(SqliteTransaction transaction)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = SqlText.Read("read_clock");
        using var row = command.ExecuteReader();
        row.Read();
        return Columns.Time(row, 0)!.Value;
    }

    public static void Insert(SqliteTransaction transaction, IReadOnlyList<NewJob> jobs)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = SqlText.Read("insert_outbox");
        foreach (var job in jobs)
        {
            command.Parameters.Clear();
            Bind(command, "$queue", job.Queue);
            Bind(command, "$kind", job.Kind);
            Bind(command, "$body", job.Body.ToArray());
            Bind(command, "$key", job.Key);
            Bind(command, "$tenant", job.Tenant);
            Bind(command, "$headers", HeadersText.Write(job.Headers));
            Bind(command, "$run_at", job.RunAt?.ToUnixTimeMilliseconds());
            Bind(command, "$delay", (long)Math.Ceiling(Math.Max(0, job.Delay.TotalMilliseconds)));
            Bind(command, "$priority", job.Priority);
            Bind(command, "$dedup", job.DeduplicationId);
            Bind(command, "$window", (long)Math.Min(job.DeduplicationWindow.TotalMilliseconds, TimeSpan.FromDays(36_600).TotalMilliseconds));
            Bind(command, "$requeued_from", job.RequeuedFrom);
            command.ExecuteNonQuery();
        }
    }

    /// <summary>The oldest rows and the number of the last of them.</summary>
    public Task<(IReadOnlyList<NewJob> Jobs, long Last)> ReadAsync(int limit, CancellationToken stopping) => RunAsync<(IReadOnlyList<NewJob>, long)>(
        "read_outbox",
        "$limit",
        limit,
        async command =>
        {
            List<NewJob> jobs = [];
            var last = 0L;
            await using var row = await command.ExecuteReaderAsync(stopping);
            while (await row.ReadAsync(stopping))
            {
                last = row.GetInt64(0);
                jobs.Add(ToJob(row));
            }

            return (jobs, last);
        },
        stopping);

    public Task<int> DeleteAsync(long last, CancellationToken stopping) =>
        RunAsync("delete_outbox", "$last", last, command => command.ExecuteNonQueryAsync(stopping), stopping);

    private static NewJob ToJob(SqliteDataReader row) => new()
    {
        Queue = row.GetString(1),
        Kind = Columns.Text(row, 2) ?? "",
        Body = Columns.Bytes(row, 3),
        Key = Columns.Text(row, 4),
        Tenant = Columns.Text(row, 5),
        Headers = HeadersText.Read(Columns.Bytes(row, 6)),
        RunAt = Columns.Time(row, 7),
        Priority = row.GetByte(8),
        DeduplicationId = Columns.Text(row, 9) ?? $"outbox:{row.GetString(12)}:{row.GetInt64(0)}",
        DeduplicationWindow = row.IsDBNull(9) ? Window : TimeSpan.FromMilliseconds(row.GetInt64(10)),
        RequeuedFrom = Columns.Text(row, 11),
    };

    private static void Bind(SqliteCommand command, string name, object? value) => command.Parameters.AddWithValue(name, value ?? DBNull.Value);

    private async Task<T> RunAsync<T>(string statement, string parameter, long value, Func<SqliteCommand, Task<T>> run, CancellationToken stopping)
    {
        try
        {
            await using var connection = new SqliteConnection(_connectionString);
            await connection.OpenAsync(stopping);
            await using var command = connection.CreateCommand();
            command.CommandText = SqlText.Read(statement);
            Bind(command, parameter, value);
            return await run(command);
        }
        catch (SqliteException error)
        {
            throw StoreFault.Explain(error, path);
        }
    }
}
