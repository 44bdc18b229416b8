using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Inspecting;

/// <summary>Rows of the inspection statements as what they mean; columns by their place in the statement.</summary>
internal static class Rows
{
    public static Func<NpgsqlDataReader, CancellationToken, Task<IReadOnlyList<T>>> All<T>(Func<NpgsqlDataReader, T> read) => async (rows, stopping) =>
    {
        List<T> all = [];
        while (await rows.ReadAsync(stopping)) all.Add(read(rows));
        return all;
    };

    public static Job Job(NpgsqlDataReader row, string id) => new()
    {
        Id = id,
        State = row.GetInt32(0) == 0 ? RowState.Read(row.GetInt32(1)) : (JobState)row.GetInt32(1),
        Queue = row.GetString(2),
        Kind = Columns.Text(row, 3)!,
        Key = Columns.Text(row, 4),
        Tenant = Columns.Text(row, 5),
        Attempts = row.GetInt32(6),
        Crashes = row.GetInt32(7),
        Snoozes = row.GetInt32(8),
        Token = row.GetInt64(9),
        EnqueuedAt = Columns.Time(row, 10)!.Value,
        DueAt = Columns.Time(row, 11),
        FinishedAt = Columns.Time(row, 12),
        Errors = ErrorText.Read(Columns.Texts(row, 13)),
        RequeuedFrom = Columns.Text(row, 14),
    };

    public static QueueCounts Counts(NpgsqlDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), Columns.Time(row, 4));

    public static Pause Pause(NpgsqlDataReader row) =>
        new(Columns.Text(row, 0)!, Columns.Text(row, 1)!, Columns.Text(row, 2), Columns.Time(row, 3)!.Value);

    public static AuditEntry Audit(NpgsqlDataReader row) => new(
        Columns.Time(row, 0)!.Value, Columns.Text(row, 1)!, Columns.Text(row, 2)!, Columns.Text(row, 3)!, Columns.Text(row, 4));

    public static (long Place, DeadLetter Dead) DeadLetter(NpgsqlDataReader row) => (row.GetInt64(0), new DeadLetter
    {
        Id = JobId.Write(row.GetInt64(1)),
        Queue = row.GetString(2),
        Kind = Columns.Text(row, 3)!,
        Body = row.GetFieldValue<byte[]>(4),
        Key = Columns.Text(row, 5),
        Tenant = Columns.Text(row, 6),
        Headers = HeadersText.Read(Columns.Text(row, 7)),
        Reason = Columns.Text(row, 8)!,
        Errors = ErrorText.Read(Columns.Texts(row, 9)),
        Attempts = row.GetInt32(10),
        Crashes = row.GetInt32(11),
        Position = $"row {row.GetInt64(1)}",
        EnqueuedAt = Columns.Time(row, 12)!.Value,
        DiedAt = Columns.Time(row, 13)!.Value,
        RequeuedFrom = Columns.Text(row, 14),
        HoldsKey = row.GetBoolean(15),
    });
}
