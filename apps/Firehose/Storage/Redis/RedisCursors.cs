using System.Globalization;
using Millrace.Redis;
using Millrace.Storage;
using StackExchange.Redis;

namespace Firehose.Storage.Redis;

/// <summary>The cursors, beside the stream: one key a relay host, so that a program that keeps one cursor under the plain key finds its own untouched.</summary>
internal sealed class RedisCursors(string url, string key) : CursorStore, IAsyncDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private ConnectionMultiplexer? _connection;

    /// <summary>The saved position; before there is one, that which another program left under the plain key, so that nothing is skipped when we take over from it.</summary>
    public override async ValueTask<long?> ReadAsync(string host, CancellationToken stopping) => await UseAsync(
        async database => Read(await database.StringGetAsync(Key(host))) ?? (await database.KeyTypeAsync(key) == RedisType.String ? Read(await database.StringGetAsync(key)) : null),
        stopping);

    public override async ValueTask SaveAsync(string host, long seq, CancellationToken stopping) =>
        await UseAsync(database => database.StringSetAsync(Key(host), seq), stopping);

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _connecting.Dispose();
    }

    private RedisKey Key(string host) => $"{key}:{host}";

    private static long? Read(RedisValue value) =>
        long.TryParse((string?)value, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? seq : null;

    private async ValueTask<T> UseAsync<T>(Func<IDatabase, Task<T>> use, CancellationToken stopping)
    {
        try
        {
            return await use(await ConnectAsync(stopping)).WaitAsync(stopping);
        }
        catch (RedisException error)
        {
            throw new StoreException("DB001", $"REDIS_URL: the cursor cannot be read or saved now ({error.GetType().Name}).", error);
        }
        catch (TimeoutException error)
        {
            throw new StoreException("DB001", "REDIS_URL: the cursor cannot be read or saved now (no answer in time).", error);
        }
    }

    private async ValueTask<IDatabase> ConnectAsync(CancellationToken stopping)
    {
        if (_connection is { } connected) return connected.GetDatabase();
        await _connecting.WaitAsync(stopping);
        try
        {
            if (_connection is null)
            {
                RedisUrl.Parse(url, "REDIS_URL", out var options);
                options!.AbortOnConnectFail = false;
                options.ClientName = "millrace:firehose-cursors";
                _connection = await ConnectionMultiplexer.ConnectAsync(options);
            }

            return _connection.GetDatabase();
        }
        finally
        {
            _connecting.Release();
        }
    }
}
