using Microsoft.Data.Sqlite;

namespace Apps.Tests.Worker;

/// <summary>A directory for one test's databases, removed with all that is in it.</summary>
internal sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("millrace-test-").FullName;

    public string Firehose => System.IO.Path.Combine(Path, "firehose.db");

    public string Queue => System.IO.Path.Combine(Path, "millrace.db");

    /// <summary>Runs SQL on a database of it; the connection stays open until it is disposed of.</summary>
    public static SqliteConnection Execute(string file, string sql)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
        return connection;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
