using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>Statements on tables in somebody's own database: on connections and in transactions of theirs.</summary>
internal static class OwnTables
{
    public static NpgsqlCommand Command(NpgsqlConnection connection, NpgsqlTransaction? transaction, string name, params ReadOnlySpan<NpgsqlParameter> values)
    {
        var command = new NpgsqlCommand(SqlText.LoadPlain($"Sql.{name}"), connection, transaction);
        foreach (var value in values) command.Parameters.Add(value);
        return command;
    }

    /// <summary>Several statements in one file; of several processes one creates and the others wait: IF NOT EXISTS alone does not see what is not committed.</summary>
    public static async Task CreateAsync(NpgsqlConnection connection, string name, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_advisory_xact_lock(hashtextextended('{name}', 1)); {SqlText.LoadPlain($"Sql.{name}")}", connection);
        await command.ExecuteNonQueryAsync(stopping);
    }

    public static async Task<T> RunAsync<T>(NpgsqlDataSource source, string name, NpgsqlParameter[] values, Func<NpgsqlCommand, Task<T>> run, CancellationToken stopping)
    {
        try
        {
            await using var connection = await source.OpenConnectionAsync(stopping);
            await using var command = Command(connection, transaction: null, name, values);
            return await run(command);
        }
        catch (NpgsqlException error)
        {
            throw StoreFault.Explain(error, "the handlers' database");
        }
    }
}
