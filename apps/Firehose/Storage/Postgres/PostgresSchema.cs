using DbUp.Engine;
using DbUp.Postgresql;
using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>Brings a database to this build's schema, in the connection's default schema and under an advisory lock, so that many processes may start at once.</summary>
internal static class PostgresSchema
{
    private const string Scripts = "Firehose.Storage.Postgres.Migrations.";
    private const string Journal = "firehose_schema_versions";
    private const long LockKey = 0x6669_7265_686f_7365;
    private const int LeastVersion = 12;

    private static readonly string[] Tables =
    [
        "users", "posts", "likes", "reposts", "follows", "blocks", "feed_items", "post_tallies", "post_counts", "user_counts", "repo_state", "tombstones",
        "rejected_records", "total_slots", "totals", "relay_cursors", "visible_posts", "visible_feed_items",
    ];

    /// <summary>Applies what is missing, script by script.</summary>
    /// <returns>Whether the server keeps what it acknowledged when it crashes.</returns>
    /// <exception cref="StoreException">The server is too old, the schema newer than this build, or not the firehose's.</exception>
    public static bool Upgrade(PostgresAddress address)
    {
        // One connection, which holds the lock from its beginning to its end.
        var builder = new NpgsqlDataSourceBuilder(address.ToSettings(poolSize: 1).ConnectionString);
        builder.UsePhysicalConnectionInitializer(Lock, async connection =>
        {
            await using var command = LockOf(connection);
            await command.ExecuteNonQueryAsync();
        });
        using var source = builder.Build();
        var (schema, durable) = Check(source, address);
        // Without the schema's name: DbUp would try to create it, which asks for more rights than we need.
        var upgrader = PostgresqlExtensions
            .PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScriptsEmbeddedInAssembly(typeof(PostgresSchema).Assembly, name => name.StartsWith(Scripts, StringComparison.Ordinal))
            .JournalToPostgresqlTable(schema, Journal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build();
        RefuseNewer(upgrader, address);
        var result = upgrader.PerformUpgrade();
        if (!result.Successful)
            throw new StoreException("MIG002", $"DATABASE_URL ({address}) could not be brought to this build's schema: {result.Error.Message.ReplaceLineEndings(" ")}. Nothing of that step was kept.", result.Error);
        return durable;
    }

    private static void Lock(NpgsqlConnection connection)
    {
        using var command = LockOf(connection);
        command.ExecuteNonQuery();
    }

    private static NpgsqlCommand LockOf(NpgsqlConnection connection) => new("SELECT pg_advisory_lock($1)", connection) { Parameters = { Column.One(LockKey) } };

    private static (string Schema, bool Durable) Check(NpgsqlDataSource source, PostgresAddress address)
    {
        using var connection = source.OpenConnection();
        using var command = new NpgsqlCommand(PostgresSql.Text("describe_server"), connection);
        using var row = command.ExecuteReader();
        row.Read();
        if (row.GetInt32(0) < LeastVersion * 10_000)
            throw new StoreException("DEP001", $"DATABASE_URL ({address}) is PostgreSQL {row.GetString(1)}: {LeastVersion} or later is needed.");
        if (row.GetString(2) != "UTF8")
            throw new StoreException("DB015", $"DATABASE_URL ({address}) has the encoding {row.GetString(2)}: it must be UTF8, which is chosen when a database is created.");
        if (row.IsDBNull(3))
            throw new StoreException("DB015", $"DATABASE_URL ({address}) has no schema to put tables into: create one that search_path names.");
        var (schema, durable) = (row.GetString(3), row.GetBoolean(4));
        row.Close();
        RefuseForeign(connection, address);
        return (schema, durable);
    }

    private static void RefuseForeign(NpgsqlConnection connection, PostgresAddress address)
    {
        using var command = new NpgsqlCommand(PostgresSql.Text("find_foreign_tables"), connection) { Parameters = { Column.Text(Tables, name => name), Column.One(Journal) } };
        if (command.ExecuteScalar() is string tables)
            throw new StoreException("MIG003", $"DATABASE_URL ({address}) holds tables of another program ({JobRules.Clip(tables)}): name another database or, with options=-csearch_path=…, another schema.");
    }

    private static void RefuseNewer(UpgradeEngine upgrader, PostgresAddress address)
    {
        var known = upgrader.GetDiscoveredScripts().Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        if (upgrader.GetExecutedScripts().Find(script => !known.Contains(script)) is { } unknown)
            throw new StoreException("MIG001", $"DATABASE_URL ({address}) has a schema newer than this build: it knows {JobRules.Clip(unknown)}, which this build does not. Run the newer build, or name another database.");
    }
}
