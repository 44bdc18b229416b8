using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Servers that are started when they are first asked for, and ended with the assembly's tests.</summary>
public static class SharedServers
{
    private static readonly Lazy<Task<RedisServer>> s_redis = new(() => RedisServer.StartNewAsync());
    private static readonly Lazy<Task<RedisServer>> s_valkey = new(() => StartAsync(new RedisServer(Valkey.Find()!)));
    private static readonly Lazy<Task<RedisCluster>> s_cluster = new(() => RedisCluster.StartNewAsync(Valkey.Find()!));

    public static async Task<IReadOnlyList<RedisServer>> RedisAsync() => [await s_redis.Value];

    public static async Task<IReadOnlyList<RedisServer>> ValkeyAsync()
    {
        Assert.SkipWhen(Valkey.Find() is null, Valkey.Missing);
        return [await s_valkey.Value];
    }

    /// <summary>Three nodes of Valkey.</summary>
    public static async Task<IReadOnlyList<RedisServer>> ClusterAsync()
    {
        Assert.SkipWhen(Valkey.Find() is null, Valkey.Missing);
        return (await s_cluster.Value).Nodes;
    }

    public static async ValueTask EndAsync()
    {
        if (s_redis.IsValueCreated) await (await s_redis.Value).DisposeAsync();
        if (s_valkey.IsValueCreated) await (await s_valkey.Value).DisposeAsync();
        if (s_cluster.IsValueCreated) await (await s_cluster.Value).DisposeAsync();
    }

    private static async Task<RedisServer> StartAsync(RedisServer server)
    {
        await server.StartAsync();
        return server;
    }
}
