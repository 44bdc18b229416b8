using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Redis;
using Millrace.Storage;

namespace Millrace;

/// <summary>Puts the Redis store into a host.</summary>
public static class RedisServices
{
    /// <summary>Keeps all queues in streams on the servers at <paramref name="url"/> (`redis://host:port`).</summary>
    public static MillraceBuilder UseRedisStreams(this MillraceBuilder builder, string url, Action<RedisStoreOptions>? configure = null) =>
        builder.UseRedisStreams(options =>
        {
            options.Url = url;
            configure?.Invoke(options);
        });

    /// <summary>Keeps all queues in Redis Streams; what the options do not allow is reported when the host starts.</summary>
    public static MillraceBuilder UseRedisStreams(this MillraceBuilder builder, Action<RedisStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.TryAddSingleton<JobStore>(provider =>
        {
            var options = new RedisStoreOptions();
            configure(options);
            return new RedisStore(options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Random>(), provider.GetService<ILogger<RedisStore>>());
        });
        return builder;
    }
}
