using DbUp;
using DbUp.Engine;
using DbUp.Engine.Output;
using DbUp.Postgresql;
using Millrace.Postgres.Connecting;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Migrations;

/// <summary>Brings the schema up to this program's, all numbered scripts in one transaction, and refuses a schema it does not know.</summary>
internal static class Migrator
{
    private const string Journal = "migrations";
    private const string Folder = "Millrace.Postgres.Migrations.";

    private const string Lock = "SELECT set_config('idle_in_transaction_session_timeout', '0', true), pg_advisory_xact_lock(hashtextextended($1, 1))";

    private const string Tables =
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)";

    /// <exception cref="StoreException">MIG001: newer than the program. MIG002: a script failed. MIG003: tables of somebody else.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, SqlText sql, string place, CancellationToken stopping)
    {
        await using var connection = await source.OpenConnectionAsync(stopping);
        if ((await FindMissingAsync(connection, sql.Schema, place, stopping)).Count == 0) return;
        // Held over the whole run: of several processes that open a new database together one migrates and the others find it done.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, stopping);
        await ExecuteAsync(connection, Lock, stopping, Value.Of($"millrace-migrations:{sql.Schema}"));
        if ((await FindMissingAsync(connection, sql.Schema, place, stopping)).Count > 0) await RunAsync(source, sql, place, stopping);
        await transaction.CommitAsync(stopping);
    }

    private static async Task RunAsync(NpgsqlDataSource source, SqlText sql, string place, CancellationToken stopping)
    {
        await CreateSchemaAsync(source, sql.Schema, stopping);
        var scripts = Scripts().Select(script => new SqlScript(script, sql.Load($"Migrations.{Path.GetFileNameWithoutExtension(Short(script))}")));
        var result = DeployChanges.To.PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScripts(scripts)
            .JournalToPostgresqlTable(sql.Schema, Journal)
            .WithVariablesDisabled()
            .WithTransaction()
            .LogTo(new NoOpUpgradeLog())
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
        {
            var text = $"the schema of {place} could not be brought up to date at {Short(result.ErrorScript?.Name ?? "its journal")}: nothing was changed";
            throw new StoreException("MIG002", $"{text}; {result.Error.Message.ReplaceLineEndings(" ")}", result.Error);
        }
    }

    /// <summary>Apart from the scripts: who may not create schemas can still use one that was made for it.</summary>
    private static async Task CreateSchemaAsync(NpgsqlDataSource source, string schema, CancellationToken stopping)
    {
        await using var connection = await source.OpenConnectionAsync(stopping);
        if ((await NamesAsync(connection, "SELECT nspname::text FROM pg_namespace WHERE nspname = $1", schema, stopping)).Count > 0) return;
        await ExecuteAsync(connection, $"CREATE SCHEMA \"{schema}\"", stopping);
    }

    /// <summary>The scripts still to run.</summary>
    private static async Task<List<string>> FindMissingAsync(NpgsqlConnection connection, string schema, string place, CancellationToken stopping)
    {
        var known = Scripts();
        var tables = await NamesAsync(connection, Tables, schema, stopping);
        if (!tables.Contains(Journal))
        {
            if (tables.Contains("jobs") || tables.Contains("owners") || tables.Contains("dead_letters"))
                throw new StoreException("MIG003", $"the schema {schema} of {place} holds tables of another program under our names: set PostgresStoreOptions.Schema.");
            return known;
        }

        var applied = await NamesAsync(connection, $"SELECT scriptname::text FROM \"{schema}\".{Journal} WHERE $1 IS NOT NULL", schema, stopping);
        if (applied.Except(known, StringComparer.Ordinal).Max(StringComparer.Ordinal) is { } newer)
        {
            var versions = $"it has {Short(newer)}, this one knows up to {Short(known.Max(StringComparer.Ordinal)!)}";
            throw new StoreException("MIG001", $"the schema {schema} of {place} was written by a newer program ({versions}): run that version, or restore a backup.");
        }

        return [.. known.Except(applied, StringComparer.Ordinal)];
    }

    private static List<string> Scripts() =>
        [.. typeof(Migrator).Assembly.GetManifestResourceNames().Where(IsScript).Order(StringComparer.Ordinal)];

    private static bool IsScript(string resource) => resource.StartsWith(Folder, StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal);

    private static string Short(string script) => JobRules.Clip(script.StartsWith(Folder, StringComparison.Ordinal) ? script[Folder.Length..] : script);

    private static async Task<HashSet<string>> NamesAsync(NpgsqlConnection connection, string sql, string value, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { Value.Of(value) } };
        await using var reader = await command.ExecuteReaderAsync(stopping);
        HashSet<string> names = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(stopping)) names.Add(reader.GetString(0));
        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken stopping, params NpgsqlParameter[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(values);
        await command.ExecuteNonQueryAsync(stopping);
    }
}
