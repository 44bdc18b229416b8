using System.Data.Common;
using Firehose.Storage;
using Firehose.Storage.Postgres;
using Servers;

namespace Apps.Tests.Firehose.Databases;

/// <summary>A database of its own on a real server.</summary>
public sealed class PostgresDatabase(PostgresServer server, string name) : FirehoseDatabase
{
    public PostgresServer Server => server;

    /// <summary>As in DATABASE_URL.</summary>
    public string Url => server.UrlTo(name);

    public string Name => name;

    internal override FirehoseStore Open(TimeProvider time) => Open(time, poolSize: 8);

    internal PostgresFirehoseStore Open(TimeProvider time, int poolSize) =>
        PostgresFirehoseStore.Open(PostgresAddress.Parse(Url, out _)!, poolSize, "firehose-test", time, new Random(1));

    public Task ExecuteAsync(string sql) => server.ExecuteAsync(name, sql, TestContext.Current.CancellationToken);

    /// <summary>The server drops it with its cluster.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override DbConnection Connect() => server.Connect(name);
}
