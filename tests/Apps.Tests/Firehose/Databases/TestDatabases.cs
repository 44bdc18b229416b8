namespace Apps.Tests.Firehose.Databases;

/// <summary>Makes a fresh database for each test of one engine.</summary>
public abstract class TestDatabases
{
    /// <summary>A file for each.</summary>
    public static TestDatabases Sqlite { get; } = new SqliteDatabases();

    public abstract Task<FirehoseDatabase> CreateAsync();

    private sealed class SqliteDatabases : TestDatabases
    {
        public override Task<FirehoseDatabase> CreateAsync() => Task.FromResult<FirehoseDatabase>(new SqliteDatabase());
    }
}
