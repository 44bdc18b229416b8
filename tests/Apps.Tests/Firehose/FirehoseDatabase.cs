using System.Text;
using Microsoft.Data.Sqlite;

namespace Apps.Tests.Firehose;

/// <summary>Looks into a firehose database from outside.</summary>
public static class FirehoseDatabase
{
    private static readonly string[] Tables =
        ["users", "posts", "likes", "reposts", "follows", "blocks", "feed_items", "post_counts", "user_counts", "repo_state", "totals"];

    /// <summary>The rows that <paramref name="sql"/> selects, each as one line of values with bars between.</summary>
    public static List<string> Query(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetValue(i).ToString())));
        return rows;
    }

    /// <summary>The end state as text, every row of every table, but for what only says when something was written here.</summary>
    public static string Dump(string path)
    {
        var dump = new StringBuilder();
        foreach (var table in Tables)
            foreach (var row in Query(path, $"SELECT * FROM {table} ORDER BY 1")) dump.Append(table).Append(' ').AppendLine(row);
        foreach (var row in Query(path, "SELECT uri, rev FROM tombstones ORDER BY 1")) dump.Append("tombstones ").AppendLine(row);
        foreach (var row in Query(path, "SELECT uri, rev, reason FROM rejected_records ORDER BY 1, 2")) dump.Append("rejected ").AppendLine(row);
        return dump.ToString();
    }
}
