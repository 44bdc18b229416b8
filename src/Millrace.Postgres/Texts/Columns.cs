using Npgsql;

namespace Millrace.Postgres.Texts;

/// <summary>Reads columns that may be NULL; texts as <see cref="AnyText"/> wrote them.</summary>
internal static class Columns
{
    public static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : AnyText.Read(row.GetString(column));

    public static string[]? Texts(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<string[]>(column);

    public static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
