using DbUp;
using DbUp.Engine.Output;
using DbUp.ScriptProviders;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;
using Millrace.Storage;

namespace Millrace.Sqlite.Migrations;

/// <summary>Brings the schema up to this program's, all numbered scripts in one transaction, and refuses a schema it does not know.</summary>
internal static class Migrator
{
    private const string Journal = "millrace_schema";
    private const string Folder = "Millrace.Sqlite.Migrations.";

    /// <exception cref="StoreException">MIG001: newer than the program. MIG002: a script failed. MIG003: tables of somebody else.</exception>
    public static void Apply(SqliteConnection connection, string path)
    {
        if (Missing(connection, path).Count == 0) return;
        // Held over the whole run: of several processes that open a new file together one migrates and the others find it done.
        Execute(connection, "BEGIN IMMEDIATE");
        try
        {
            if (Missing(connection, path).Count > 0) Run(connection, path);
            Execute(connection, "COMMIT");
        }
        catch
        {
            Execute(connection, "ROLLBACK");
            throw;
        }
    }

    private static void Run(SqliteConnection connection, string path)
    {
        using var shared = new SharedConnection(connection);
        var result = DeployChanges.To.SqliteDatabase(shared)
            .WithScripts(new EmbeddedScriptProvider(typeof(Migrator).Assembly, IsScript))
            .JournalToSqliteTable(Journal)
            .WithoutTransaction()
            .LogTo(new NoOpUpgradeLog())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
            throw new StoreException("MIG002", $"the schema of {path} could not be brought up to date at {result.ErrorScript?.Name}: nothing was changed; {result.Error.Message}", result.Error);
    }

    /// <summary>The scripts still to run.</summary>
    private static List<string> Missing(SqliteConnection connection, string path)
    {
        var known = typeof(Migrator).Assembly.GetManifestResourceNames().Where(IsScript).ToList();
        var tables = Names(connection, "SELECT name FROM sqlite_master WHERE type = 'table'");
        if (!tables.Contains(Journal))
        {
            if (tables.Contains("jobs") || tables.Contains("queues") || tables.Contains("dead_letters"))
                throw new StoreException("MIG003", $"{path} holds tables of another program under our names: give the store a file of its own.");
            return known;
        }

        var applied = Names(connection, $"SELECT ScriptName FROM {Journal}");
        if (applied.Except(known, StringComparer.Ordinal).Max(StringComparer.Ordinal) is { } newer)
            throw new StoreException("MIG001", $"{path} was written by a newer program (it has {Short(newer)}, this one knows up to {Short(known.Max(StringComparer.Ordinal)!)}): run that version, or restore a backup.");
        return [.. known.Except(applied, StringComparer.Ordinal)];
    }

    private static bool IsScript(string resource) => resource.StartsWith(Folder, StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal);

    private static string Short(string script) => JobRules.Clip(script.StartsWith(Folder, StringComparison.Ordinal) ? script[Folder.Length..] : script);

    private static HashSet<string> Names(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        HashSet<string> names = new(StringComparer.Ordinal);
        while (reader.Read()) names.Add(reader.GetString(0));
        return names;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
