using DbUp;
using DbUp.Engine;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;
using Millrace.Storage;

namespace Firehose.Storage.Sqlite;

/// <summary>Brings a firehose database to this build's schema, under the write lock, so that two processes may start at once.</summary>
internal static class SqliteSchema
{
    private const string Scripts = "Firehose.Storage.Migrations.";
    private const string Journal = "schema_versions";

    /// <summary>Applies what is missing, all of it or nothing.</summary>
    /// <exception cref="StoreException">The schema is newer than this build, or is not the firehose's.</exception>
    public static void Upgrade(SqliteConnection connection)
    {
        Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            RefuseForeign(connection);
            using var shared = new SharedConnection(connection);
            var upgrader = DeployChanges.To
                .SqliteDatabase(shared)
                .WithScriptsEmbeddedInAssembly(typeof(SqliteSchema).Assembly, name => name.StartsWith(Scripts, StringComparison.Ordinal))
                .JournalToSqliteTable(Journal)
                .WithoutTransaction()
                .LogToNowhere()
                .Build();
            RefuseNewer(connection, upgrader);
            var result = upgrader.PerformUpgrade();
            if (!result.Successful)
                throw new StoreException("MIG002", $"{connection.DataSource} could not be brought to this build's schema: {result.Error.Message}. Nothing was changed.", result.Error);
            Execute(connection, "COMMIT");
        }
        catch
        {
            Execute(connection, "ROLLBACK");
            throw;
        }
    }

    private static void RefuseForeign(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT group_concat(name, ', ') FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        if (command.ExecuteScalar() is string tables && !tables.Split(", ").Contains(Journal))
            throw new StoreException("MIG003", $"{connection.DataSource} holds tables of another program ({JobRules.Clip(tables)}): name another data directory.");
    }

    private static void RefuseNewer(SqliteConnection connection, UpgradeEngine upgrader)
    {
        var known = upgrader.GetDiscoveredScripts().Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        var unknown = upgrader.GetExecutedScripts().Where(script => !known.Contains(script)).ToList();
        if (unknown.Count > 0)
            throw new StoreException("MIG001", $"{connection.DataSource} has a schema newer than this build: it knows {JobRules.Clip(unknown[0])}, which this build does not. Run the newer build, or name another data directory.");
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
