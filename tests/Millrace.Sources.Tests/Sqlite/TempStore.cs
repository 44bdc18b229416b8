using System.Text;
using Microsoft.Data.Sqlite;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>A directory of its own with stores over one file in it, gone at the end.</summary>
public sealed class TempStore : IAsyncDisposable
{
    private readonly List<SqliteStore> _opened = [];

    public TempStore() => Directory.CreateDirectory(Folder);

    public string Folder { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"millrace-{Guid.NewGuid():N}");

    public string Path => System.IO.Path.Combine(Folder, "jobs.db");

    public async Task<SqliteStore> OpenAsync(Action<SqliteStoreOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new SqliteStoreOptions { Path = Path, PollInterval = TimeSpan.FromMilliseconds(10) };
        configure?.Invoke(options);
        var store = new SqliteStore(options, time);
        await store.OpenAsync(CancellationToken.None);
        _opened.Add(store);
        return store;
    }

    /// <summary>Runs SQL as another program would; returns the first value.</summary>
    public object? Execute(string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = 30 }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public long Count(string table) => (long)Execute($"SELECT count(*) FROM {table}")!;

    /// <summary>Lets every lease be over by the store's clock.</summary>
    public void ElapseLeases() => Execute("UPDATE owners SET expires_at = 0");

    /// <summary>Lets everything be due.</summary>
    public void ElapseDelays() => Execute("UPDATE jobs SET due_at = 1 WHERE due_at IS NOT NULL");

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    public static NewJob Job(string body, string? key = null, string queue = "q") =>
        new() { Queue = queue, Key = key, Body = Encoding.UTF8.GetBytes(body) };

    public static string Text(Delivery delivery) => Encoding.UTF8.GetString(delivery.Body.Span);
}
