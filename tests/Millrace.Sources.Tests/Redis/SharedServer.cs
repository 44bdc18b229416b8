using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A server that is started when it is first asked for, and ended with the assembly's tests.</summary>
public static class SharedServer
{
    private static readonly Lazy<Task<RedisServer>> s_redis = new(() => RedisServer.StartNewAsync());

    public static Task<RedisServer> Redis => s_redis.Value;

    public static async ValueTask EndAsync()
    {
        if (s_redis.IsValueCreated) await (await s_redis.Value).DisposeAsync();
    }
}
