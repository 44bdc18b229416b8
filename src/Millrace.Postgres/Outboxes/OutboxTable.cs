using Millrace.Postgres.Connecting;
using Millrace.Postgres.Enqueuing;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Outboxes;

/// <summary>The rows of an outbox in somebody's own database.</summary>
internal sealed class OutboxTable(NpgsqlDataSource source)
{
    /// <summary>Long enough for a relay that was down; a job with a deduplication id of its own keeps its own window.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);

    public static async Task<DateTimeOffset> NowAsync(NpgsqlTransaction transaction, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", transaction.Connection, transaction);
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(stopping))!);
    }

    public static async Task InsertAsync(NpgsqlTransaction transaction, IReadOnlyList<NewJob> jobs, DateTime?[] due, CancellationToken stopping)
    {
        await using var command = OwnTables.Command(transaction.Connection!, transaction, "insert_outbox", JobValues.Of(jobs, due, 0, jobs.Count));
        await command.ExecuteNonQueryAsync(stopping);
    }

    /// <summary>The oldest rows and their numbers.</summary>
    public Task<(List<NewJob> Jobs, long[] Numbers)> ReadAsync(int limit, CancellationToken stopping) => OwnTables.RunAsync(
        source,
        "read_outbox",
        [Value.Of((long)limit)],
        async command =>
        {
            List<NewJob> jobs = [];
            List<long> numbers = [];
            await using var row = await command.ExecuteReaderAsync(stopping);
            while (await row.ReadAsync(stopping))
            {
                numbers.Add(row.GetInt64(0));
                jobs.Add(ToJob(row));
            }

            return (jobs, numbers.ToArray());
        },
        stopping);

    public Task<int> DeleteAsync(long[] numbers, CancellationToken stopping) =>
        OwnTables.RunAsync(source, "delete_outbox", [Value.Of(numbers)], command => command.ExecuteNonQueryAsync(stopping), stopping);

    private static NewJob ToJob(NpgsqlDataReader row) => new()
    {
        Queue = row.GetString(1),
        Kind = Columns.Text(row, 2)!,
        Body = row.GetFieldValue<byte[]>(3),
        Key = Columns.Text(row, 4),
        Tenant = Columns.Text(row, 5),
        Headers = HeadersText.Read(Columns.Text(row, 6)),
        RunAt = Columns.Time(row, 7),
        Priority = (byte)row.GetInt16(8),
        DeduplicationId = Columns.Text(row, 9) ?? $"outbox:{row.GetString(12)}:{row.GetInt64(0)}",
        DeduplicationWindow = row.IsDBNull(9) ? Window : TimeSpan.FromMicroseconds(row.GetInt64(10)),
        RequeuedFrom = Columns.Text(row, 11),
    };
}
