using System.Text;
using Microsoft.Data.Sqlite;

namespace Millrace.Sqlite.Files;

/// <summary>Reads columns that may be NULL, and text by its length: the provider's own reading ends at a zero byte.</summary>
internal static class Columns
{
    public static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : Encoding.UTF8.GetString(Bytes(row, column));

    public static byte[] Bytes(SqliteDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<byte[]>(column);

    public static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
