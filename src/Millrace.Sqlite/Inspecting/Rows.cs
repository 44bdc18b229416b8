using Microsoft.Data.Sqlite;
using Millrace.Sqlite.Files;
using Millrace.Storage;

namespace Millrace.Sqlite.Inspecting;

/// <summary>Rows of the inspection statements as what they mean; columns by their place in the statement.</summary>
internal static class Rows
{
    public static IReadOnlyList<T> All<T>(SqliteDataReader rows, Func<SqliteDataReader, T> read)
    {
        List<T> all = [];
        while (rows.Read()) all.Add(read(rows));
        return all;
    }

    public static Job Job(SqliteDataReader row, string id) => new()
    {
        Id = id,
        State = row.GetInt32(0) == 0 ? RowState.Read(row.GetInt32(1)) : (JobState)row.GetInt32(1),
        Queue = row.GetString(2),
        Kind = Columns.Text(row, 3) ?? "",
        Key = Columns.Text(row, 4),
        Tenant = Columns.Text(row, 5),
        Attempts = row.GetInt32(6),
        Crashes = row.GetInt32(7),
        Snoozes = row.GetInt32(8),
        Token = row.GetInt64(9),
        EnqueuedAt = Columns.Time(row, 10)!.Value,
        DueAt = Columns.Time(row, 11),
        FinishedAt = Columns.Time(row, 12),
        Errors = ErrorsText.Read(Columns.Bytes(row, 13)),
        RequeuedFrom = Columns.Text(row, 14),
    };

    public static QueueCounts Counts(SqliteDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), Columns.Time(row, 4));

    public static Pause Pause(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), Columns.Text(row, 2), Columns.Time(row, 3)!.Value);

    public static AuditEntry Audit(SqliteDataReader row) =>
        new(Columns.Time(row, 0)!.Value, row.GetString(1), row.GetString(2), row.GetString(3), Columns.Text(row, 4));

    public static (long Place, DeadLetter Dead) DeadLetter(SqliteDataReader row) => (row.GetInt64(0), new DeadLetter
    {
        Id = JobId.Write(row.GetInt64(1)),
        Queue = row.GetString(2),
        Kind = Columns.Text(row, 3) ?? "",
        Body = Columns.Bytes(row, 4),
        Key = Columns.Text(row, 5),
        Tenant = Columns.Text(row, 6),
        Headers = HeadersText.Read(Columns.Bytes(row, 7)),
        Reason = Columns.Text(row, 8)!,
        Errors = ErrorsText.Read(Columns.Bytes(row, 9)),
        Attempts = row.GetInt32(10),
        Crashes = row.GetInt32(11),
        Position = $"row {row.GetInt64(1)}",
        EnqueuedAt = Columns.Time(row, 12)!.Value,
        DiedAt = Columns.Time(row, 13)!.Value,
        RequeuedFrom = Columns.Text(row, 14),
        HoldsKey = row.GetInt32(15) != 0,
    });
}
