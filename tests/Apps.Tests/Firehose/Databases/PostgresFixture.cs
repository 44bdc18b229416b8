using Apps.Tests.Firehose.Databases;
using Servers;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Apps.Tests.Firehose.Databases;

/// <summary>One PostgreSQL for all tests, started when the first of them asks; nothing is killed on it that is not a test's own.</summary>
public sealed class PostgresFixture : TestDatabases, IAsyncDisposable
{
    // A test is over before a machine fails, and its statements before they are compiled.
    private readonly PostgresServer _server = new(null, "fsync=off", "jit=off", "max_connections=200");
    private readonly Lazy<Task> _started;

    public PostgresFixture() => _started = new(() => _server.StartAsync());

    /// <summary>The same for tests that the quick lane leaves to SQLite.</summary>
    public TestDatabases InFullLane => new FullLaneDatabases(this);

    public override async Task<FirehoseDatabase> CreateAsync() => await CreateDatabaseAsync();

    public async Task<PostgresDatabase> CreateDatabaseAsync()
    {
        await _started.Value;
        return new(_server, await _server.CreateDatabaseAsync(TestContext.Current.CancellationToken));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private sealed class FullLaneDatabases(PostgresFixture postgres) : TestDatabases
    {
        public override Task<FirehoseDatabase> CreateAsync()
        {
            Assert.SkipUnless(FullLane.Runs, FullLane.Reason);
            return postgres.CreateAsync();
        }
    }
}
