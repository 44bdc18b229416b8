using System.Data.Common;
using Firehose.Storage;
using Firehose.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Apps.Tests.Firehose.Databases;

/// <summary>A SQLite file: of a test, in a temporary directory, or of somebody else.</summary>
public sealed class SqliteDatabase : FirehoseDatabase
{
    private readonly string? _folder;
    private readonly string _path;

    public SqliteDatabase()
    {
        _folder = Directory.CreateTempSubdirectory("firehose-test-").FullName;
        _path = Path.Combine(_folder, "firehose.db");
    }

    /// <summary>Looks into a file that is there.</summary>
    public SqliteDatabase(string path) => _path = path;

    internal override FirehoseStore Open(TimeProvider time) => SqliteFirehoseStore.Open(_path, time);

    public override ValueTask DisposeAsync()
    {
        if (_folder is not null) Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    protected override DbConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={_path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return connection;
    }
}
