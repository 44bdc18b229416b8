using System.Globalization;
using Npgsql;
using Servers;

namespace Bench.WholeFirehose;

/// <summary>The two servers that every contender runs on, emptied before each run, and what they count.</summary>
internal sealed class Ground : IAsyncDisposable
{
    private readonly RedisServer _redis = new();
    private readonly PostgresServer _postgres = new(null, "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=top", "max_wal_size=4GB", "synchronous_commit=on");

    public string RedisUrl => _redis.Url;

    public string RedisAddress => _redis.Address;

    public int RedisPort => _redis.Port;

    public string Database { get; private set; } = "postgres";

    public string DatabaseUrl => _postgres.UrlTo(Database);

    public string ConnectionString => _postgres.ConnectionStringTo(Database);

    public static async Task<Ground> StartAsync(CancellationToken stopping)
    {
        var ground = new Ground();
        await ground._redis.StartAsync(stopping);
        await ground._postgres.StartAsync(stopping);
        await ground._postgres.ExecuteAsync("postgres", "CREATE EXTENSION pg_stat_statements", stopping);
        return ground;
    }

    /// <summary>Nothing in Redis, an empty database, and no log left to be written for what went before.</summary>
    public async Task ClearAsync(CancellationToken stopping)
    {
        await _redis.ExecuteAsync("FLUSHALL");
        await _redis.ExecuteAsync("CONFIG", "RESETSTAT");
        Database = await _postgres.CreateDatabaseAsync(stopping);
        await _postgres.ExecuteAsync("postgres", "CHECKPOINT", stopping);
        await _postgres.ExecuteAsync("postgres", "SELECT pg_stat_statements_reset()", stopping);
    }

    public async Task<double> ServerSecondsAsync() =>
        ProcessCpu.Seconds(_redis.ProcessId) + await Task.FromResult(ProcessCpu.Seconds(_postgres.ProcessId));

    /// <summary>Statements that clients sent since <see cref="ClearAsync"/>, transaction control included.</summary>
    public async Task<long> StatementsAsync(CancellationToken stopping)
    {
        await using var connection = new NpgsqlConnection(_postgres.ConnectionString);
        await connection.OpenAsync(stopping);
        await using var command = new NpgsqlCommand(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1", connection);
        command.Parameters.AddWithValue(Database);
        return Convert.ToInt64(await command.ExecuteScalarAsync(stopping), CultureInfo.InvariantCulture);
    }

    public async Task<long> CountAsync(string sql, CancellationToken stopping)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(stopping);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(stopping), CultureInfo.InvariantCulture);
    }

    /// <summary>Entries of the stream that nobody has finished.</summary>
    public async Task<long> UnfinishedAsync(string stream, string group)
    {
        if (await _redis.ExecuteAsync("EXISTS", stream) is 0L) return 0;
        foreach (var row in (object?[])(await _redis.ExecuteAsync("XINFO", "GROUPS", stream))!)
        {
            var fields = (object?[])row!;
            var map = Enumerable.Range(0, fields.Length / 2).ToDictionary(i => (string)fields[i * 2]!, i => fields[(i * 2) + 1]);
            if ((string)map["name"]! == group) return (long)(map["lag"] ?? 0L) + (long)map["pending"]!;
        }

        return (long)(await _redis.ExecuteAsync("XLEN", stream))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
