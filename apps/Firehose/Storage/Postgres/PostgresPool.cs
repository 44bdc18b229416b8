using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The connections to one database, never more than its size; the plans of their statements are kept.</summary>
internal sealed class PostgresPool : IAsyncDisposable
{
    private readonly PostgresAddress _address;
    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _room;
    private int _inUse;

    public PostgresPool(PostgresAddress address, int size, string application)
    {
        _address = address;
        Size = size;
        _room = new SemaphoreSlim(size);
        var settings = address.ToSettings(size);
        settings.MaxAutoPrepare = 100;
        settings.AutoPrepareMinUsages = 1;
        settings.ApplicationName ??= application;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(PostgresSql.Text("open_session"), connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(PostgresSql.Text("open_session"), connection);
                await command.ExecuteNonQueryAsync();
            });
        _source = builder.Build();
    }

    /// <summary>Most connections there may be.</summary>
    public int Size { get; }

    /// <summary>How they are used.</summary>
    public PoolUse Use => new(Volatile.Read(ref _inUse), Size);

    /// <summary>Does <paramref name="work"/> on a connection, once there is room; what it left open is taken back when it fails.</summary>
    /// <exception cref="StoreException">The server or the way to it failed.</exception>
    public async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, ValueTask<T>> work, CancellationToken stopping)
    {
        // Waiting here has no limit of its own; waiting in the driver would be reported as a broken server.
        await _room.WaitAsync(stopping);
        Interlocked.Increment(ref _inUse);
        try
        {
            await using var connection = await _source.OpenConnectionAsync(stopping);
            // Leaving with a transaction open rolls it back.
            return await work(connection);
        }
        catch (Exception error) when (PostgresFault.IsOfTheServer(error) && !PostgresFault.IsConflict(error))
        {
            throw PostgresFault.Explain(error, _address);
        }
        finally
        {
            Interlocked.Decrement(ref _inUse);
            _room.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _room.Dispose();
    }
}
