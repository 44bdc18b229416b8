using System.Diagnostics.CodeAnalysis;
using StackExchange.Redis;

namespace Millrace.Redis.Connecting;

/// <summary>One connection to the servers, which comes back by itself, and the scripts over it.</summary>
internal sealed class RedisLink : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestDelay = TimeSpan.FromMilliseconds(500);

    private readonly ConnectionMultiplexer _connection;
    private readonly RedisStoreOptions _options;
    private readonly RedisTools _tools;

    private RedisLink(ConnectionMultiplexer connection, RedisStoreOptions options, RedisTools tools)
    {
        _connection = connection;
        _options = options;
        _tools = tools;
        Database = connection.GetDatabase();
    }

    public IDatabase Database { get; }

    public IConnectionMultiplexer Connection => _connection;

    /// <summary>Connects; with <paramref name="mustAnswer"/> a server that does not answer now is an error, else it is awaited in the background.</summary>
    public static async Task<RedisLink> ConnectAsync(RedisStoreOptions options, string role, bool mustAnswer, RedisTools tools)
    {
        RedisUrl.Parse(options.Url, options.UrlName, out var configuration);
        var timeout = (int)options.CommandTimeout.TotalMilliseconds;
        configuration!.AbortOnConnectFail = mustAnswer;
        // For CONFIG GET: the settings are looked at once, at open.
        configuration.AllowAdmin = true;
        configuration.ClientName = $"millrace:{options.Consumer}:{role}".Replace(' ', '-');
        configuration.AsyncTimeout = configuration.SyncTimeout = timeout;
        configuration.ConnectTimeout = timeout;
        configuration.ReconnectRetryPolicy = new JitteredReconnect(tools.Random);
        // What was not sent yet waits for the connection to come back; what was sent and not answered fails at once.
        configuration.BacklogPolicy = BacklogPolicy.Default;
        configuration.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        configuration.IncludeDetailInExceptions = configuration.IncludePerformanceCountersInExceptions = false;
        if (options.Protocol is { } protocol) configuration.Protocol = protocol;
        ConnectionMultiplexer connection;
        try
        {
            connection = await ConnectionMultiplexer.ConnectAsync(configuration);
        }
        catch (RedisConnectionException error)
        {
            throw ConnectionRefusal.Explain(error, options, configuration);
        }

        connection.ConnectionFailed += (_, failure) => RedisMeters.Failed(tools.Logger, role, failure);
        connection.ConnectionRestored += (_, restored) => RedisMeters.Restored(tools.Logger, role, restored);
        return new RedisLink(connection, options, tools);
    }

    /// <summary>Runs a verb once.</summary>
    public async Task<RedisResult> RunOnceAsync(Script script, QueueKeys keys, params IReadOnlyList<RedisValue> arguments)
    {
        var all = new RedisValue[4 + arguments.Count];
        all[0] = _options.Group;
        all[1] = _tools.Clock.Offset;
        all[2] = _options.Retention.MaxCount;
        all[3] = _options.Free == FreeEntries.Delete ? "delete" : "trim";
        for (var i = 0; i < arguments.Count; i++) all[4 + i] = arguments[i];
        try
        {
            return await Database.ScriptEvaluateAsync(script.Hash, keys.Scripts, all);
        }
        catch (RedisServerException error) when (RedisFault.IsNoScript(error))
        {
            // A server that restarted, or was told to forget: this one call brings the text along.
            return await Database.ExecuteAsync("EVAL", [script.Text, keys.Scripts.Length, .. keys.Scripts, .. all]);
        }
    }

    /// <summary>Runs a verb that may be repeated; makes the group when it is gone, and is patient for a while when the server is.</summary>
    public async Task<RedisResult> RunAsync(Script script, QueueKeys keys, CancellationToken deadline, params IReadOnlyList<RedisValue> arguments)
    {
        while (true)
        {
            try
            {
                return await PatientlyAsync(_ => RunOnceAsync(script, keys, arguments), deadline);
            }
            catch (RedisServerException error) when (RedisFault.IsNoGroup(error) && script != Script.CreateGroup)
            {
                await CreateGroupAsync(keys, wasThere: false, deadline);
            }
            catch (RedisServerException error)
            {
                throw RedisFault.Explain(error, keys);
            }
        }
    }

    /// <summary>Makes the group unless it is there; <paramref name="wasThere"/> when we have seen it, so that somebody removed it.</summary>
    public async Task CreateGroupAsync(QueueKeys keys, bool wasThere, CancellationToken deadline)
    {
        var answer = (RedisResult[])(await RunAsync(Script.CreateGroup, keys, deadline))!;
        // 2: the store remembers it.
        if ((int)answer[0] == 2 || (wasThere && (int)answer[0] == 1)) Log.GroupMadeAgain(_tools.Logger, keys.Queue);
        foreach (var id in (string[])answer[1]!) RedisMeters.Lost(_tools.Logger, keys.Queue, id);
    }

    /// <summary>Does what may be repeated, and tries again for a while when the server is not there.</summary>
    public async Task<T> PatientlyAsync<T>(Func<IDatabase, Task<T>> work, CancellationToken deadline)
    {
        var began = _tools.Time.GetTimestamp();
        for (var delay = s_firstDelay; ; delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay)
        {
            try
            {
                deadline.ThrowIfCancellationRequested();
                return await work(Database);
            }
            catch (Exception error) when (RedisFault.Passes(error) && _tools.Time.GetElapsedTime(began) < s_patience)
            {
                // Tried again below.
            }

            await Task.Delay(delay * (0.5 + (_tools.Random.NextDouble() / 2)), TimeProvider.System, deadline);
        }
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    [SuppressMessage("Security", "CA5394", Justification = "Jitter needs no secrecy.")]
    private sealed class JitteredReconnect(Random random) : IReconnectRetryPolicy
    {
        private const int FirstMilliseconds = 50;
        private const int LongestMilliseconds = 5_000;

        public bool ShouldRetry(long currentRetryCount, int timeElapsedMillisecondsSinceLastRetry)
        {
            var most = Math.Min(LongestMilliseconds, FirstMilliseconds << (int)Math.Min(currentRetryCount, 10));
            return timeElapsedMillisecondsSinceLastRetry >= most * (0.5 + (random.NextDouble() / 2));
        }
    }
}
