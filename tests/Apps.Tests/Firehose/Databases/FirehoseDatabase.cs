using System.Data.Common;
using System.Globalization;
using System.Text;
using Firehose.Storage;

namespace Apps.Tests.Firehose.Databases;

/// <summary>The firehose database of one test: opens stores on it, and looks into it from outside.</summary>
public abstract class FirehoseDatabase : IAsyncDisposable
{
    private static readonly string[] Tables =
        ["users", "posts", "likes", "reposts", "follows", "blocks", "feed_items", "post_counts", "user_counts", "repo_state", "totals"];

    /// <summary>A store on it.</summary>
    internal abstract FirehoseStore Open(TimeProvider time);

    /// <summary>The rows that <paramref name="sql"/> selects, each as one line of values with bars between.</summary>
    public List<string> Query(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => TextOf(reader.GetValue(i)))));
        return rows;
    }

    /// <summary>The end state as text, every row of every table, but for what only says when something was written here.</summary>
    public string Dump()
    {
        var dump = new StringBuilder();
        foreach (var table in Tables)
            foreach (var row in Query($"SELECT * FROM {table} ORDER BY 1")) dump.Append(table).Append(' ').AppendLine(row);
        foreach (var row in Query("SELECT uri, rev FROM tombstones ORDER BY 1")) dump.Append("tombstones ").AppendLine(row);
        foreach (var row in Query("SELECT uri, rev, reason FROM rejected_records ORDER BY 1, 2")) dump.Append("rejected ").AppendLine(row);
        return dump.ToString();
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>An open connection.</summary>
    protected abstract DbConnection Connect();

    private static string TextOf(object value) => value switch
    {
        DBNull => "NULL",
        bool flag => flag ? "1" : "0",
        DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        string[] texts => string.Join(',', texts),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
