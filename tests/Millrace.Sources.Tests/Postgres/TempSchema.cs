using System.Globalization;
using System.Text;
using Millrace.Postgres;
using Millrace.Storage;
using Npgsql;
using Servers;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>A schema of its own on a server others use too, with stores over it, gone at the end.</summary>
public sealed class TempSchema(PostgresServer server) : IAsyncDisposable
{
    private readonly List<PostgresStore> _opened = [];
    private bool _clockStopped;

    public string Name { get; } = $"t_{Guid.NewGuid():N}";

    /// <summary>For stores: their sessions bear the name of the schema.</summary>
    public string ConnectionString => $"{server.ConnectionString};Application Name={Name}";

    public PostgresStoreOptions Options(Action<PostgresStoreOptions>? configure = null)
    {
        var options = new PostgresStoreOptions { ConnectionString = ConnectionString, Schema = Name, PollInterval = TimeSpan.FromMilliseconds(20), MaxPoolSize = 8 };
        configure?.Invoke(options);
        return options;
    }

    public async Task<PostgresStore> OpenAsync(Action<PostgresStoreOptions>? configure = null, TimeProvider? time = null)
    {
        var store = new PostgresStore(Options(configure), time);
        _opened.Add(store);
        await store.OpenAsync(CancellationToken.None);
        return store;
    }

    /// <summary>Runs SQL as another program would, in this schema; returns the first value.</summary>
    public async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = await server.ConnectAsync("postgres");
        await using var command = new NpgsqlCommand($"SET search_path TO {Name}; {sql}", connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task<long> CountAsync(string table) => (long)(await ExecuteAsync($"SELECT count(*) FROM {table}"))!;

    /// <summary>Stops the store's clock, as every process on it sees it: a slow machine then decides nothing.</summary>
    public async Task StopClockAsync()
    {
        if (_clockStopped) return;
        _clockStopped = true;
        await ExecuteAsync($"""
            CREATE TABLE test_clock AS SELECT clock_timestamp() AS now;
            CREATE OR REPLACE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT now FROM {Name}.test_clock';
            """);
    }

    /// <summary>Lets the store's clock jump.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await StopClockAsync();
        await ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE test_clock SET now = now + {by.TotalMicroseconds} * interval '1 microsecond'"));
        foreach (var store in _opened) store.LookAgain();
    }

    /// <summary>Ends every session of these stores, as an operator or a failing network would.</summary>
    public Task CutAsync() => ExecuteAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{Name}'");

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
        if (server.IsRunning) await ExecuteAsync($"DROP SCHEMA IF EXISTS {Name} CASCADE");
    }

    public static NewJob Job(string body, string? key = null, string queue = "q") =>
        new() { Queue = queue, Key = key, Body = Encoding.UTF8.GetBytes(body) };

    public static string Text(Delivery delivery) => Encoding.UTF8.GetString(delivery.Body.Span);
}
