using Firehose.Monitoring;
using Firehose.Reading;
using Firehose.Storage;
using Firehose.Storage.Postgres;
using Firehose.Storage.Redis;
using Firehose.Storage.Sqlite;
using Firehose.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace;
using Millrace.Handling;
using Millrace.Hosting;
using Millrace.Redis;
using Millrace.Retries;
using Millrace.Sources;
using Millrace.Storage;

namespace Firehose;

/// <summary>Puts the firehose into a host.</summary>
public static class FirehoseServices
{
    /// <summary>The name of the database in the data directory.</summary>
    public const string DatabaseName = "firehose.db";

    /// <summary>The name of the worker that applies events.</summary>
    public const string WriterName = "firehose-writer";

    /// <summary>The name of the meter, for `AddMeter`.</summary>
    public const string MeterName = FirehoseActivity.MeterName;

    /// <summary>A frame is at most 5 MB, and its stored form is smaller.</summary>
    private const int MaxBodyBytes = 8 * 1024 * 1024;

    /// <summary>Enough for all pipelines' batches of ordinary events; the process stays small when they are not.</summary>
    private const long MaxInFlightBytes = 16 * 1024 * 1024;

    /// <summary>Adds the given roles; their tables are in <paramref name="directory"/>, which exists. The database is opened, and refused if need be, when the host starts.</summary>
    public static MillraceBuilder AddFirehose(this MillraceBuilder builder, FirehoseOptions options, string directory, FirehoseRoles roles = FirehoseRoles.All)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var services = builder.Services;
        services.TryAddSingleton(provider => new FirehoseActivity(provider.GetRequiredService<TimeProvider>(), LoggerOf(provider)));
        services.TryAddSingleton(provider => OpenStore(provider, options, directory));
        services.TryAddSingleton(provider => options.RedisUrl is null ? provider.GetRequiredService<FirehoseStore>().Cursors : new RedisCursors(options.RedisUrl, options.CursorKey));
        services.TryAddSingleton(provider => new FirehoseMonitor(options, roles, provider.GetRequiredService<FirehoseActivity>(),
            provider.GetRequiredService<FirehoseStore>(), provider.GetRequiredService<JobStore>()));
        if (roles.HasFlag(FirehoseRoles.Writer)) AddWriter(builder, options);
        if (roles.HasFlag(FirehoseRoles.Reader)) services.AddSingleton<IHostedService>(provider => ReaderOf(provider, options));
        return builder;
    }

    /// <summary>Keeps the queue where <paramref name="options"/> say: in Redis, or in the SQLite file at <paramref name="path"/>.</summary>
    public static MillraceBuilder UseFirehoseQueue(this MillraceBuilder builder, FirehoseOptions options, string path)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.RedisUrl is null) return builder.UseSqlite(path);
        return builder.UseRedisStreams(options.RedisUrl, redis =>
        {
            redis.UrlName = "REDIS_URL";
            redis.Group = options.ConsumerGroup;
            redis.Consumer = options.ConsumerId;
            redis.ForeignConsumerTimeout = options.ForeignConsumerTimeout;
            redis.StreamKeys[QueuedFrame.Queue] = options.StreamKey;
        });
    }

    private static void AddWriter(MillraceBuilder builder, FirehoseOptions options) => builder.AddBatchWorker(
        WriterName,
        provider => new FirehoseWriter(
            provider.GetRequiredService<FirehoseStore>(), provider.GetRequiredService<FirehoseActivity>(), provider.GetRequiredService<TimeProvider>(),
            WaitOf(provider, options)),
        MessageReaders.Raw,
        worker =>
        {
            worker.Queue = QueuedFrame.Queue;
            worker.Order = Order.PerKey;
            worker.Lease = options.Lease;
            worker.Concurrency = options.Pipelines;
            worker.BatchSize = options.BatchSize;
            worker.MaxInFlight = Math.Min(1_000_000, Math.Max(worker.MaxInFlight, options.BatchSize * options.Pipelines * 2));
            worker.MaxInFlightBytes = MaxInFlightBytes;
            worker.MaxBodyBytes = MaxBodyBytes;
            // A live stream wants its events committed soon; when there is a backlog batches are full anyway.
            worker.BatchMaxAge = TimeSpan.FromMilliseconds(5);
            // Every effect can be repeated and no event crashes a process: one that was in hand at many kills is as good as any other.
            worker.Retry.QuarantineAfter = 100;
            worker.Retry.Backoff = new Backoff.Exponential(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));
        });

    /// <summary>Only a Redis stream has a group that others may share.</summary>
    private static OrderWait WaitOf(IServiceProvider provider, FirehoseOptions options) => provider.GetRequiredService<JobStore>() is RedisStore redis
        ? new(options.OrderWait, (deliveries, stopping) => redis.FindBehindForeignAsync(QueuedFrame.Queue, deliveries, stopping))
        : OrderWait.None;

    private static FirehoseStore OpenStore(IServiceProvider provider, FirehoseOptions options, string directory)
    {
        var (logger, time) = (LoggerOf(provider), provider.GetRequiredService<TimeProvider>());
        FirehoseStore store;
        if (options.DatabaseUrl is null)
        {
            store = SqliteFirehoseStore.Open(Path.Combine(directory, DatabaseName), time);
        }
        else
        {
            var address = PostgresAddress.Parse(options.DatabaseUrl, out var fault) ?? throw new StoreException("CFG012", $"DATABASE_URL {fault}.");
            var postgres = PostgresFirehoseStore.Open(address, options.DatabasePoolSize, options.ConsumerId, time, provider.GetRequiredService<Random>());
            if (!postgres.Durable) Log.NotDurable(logger, address.ToString());
            store = postgres;
        }
        Log.EnginesChosen(logger, provider.GetRequiredService<JobStore>().MessagingSystem, store.Description);
        return store;
    }

    private static RelayReaderService ReaderOf(IServiceProvider provider, FirehoseOptions options) => new(new RelayReader(
        options,
        provider.GetRequiredService<JobStore>(),
        provider.GetRequiredService<CursorStore>(),
        provider.GetRequiredService<FirehoseActivity>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<Random>(),
        LoggerOf(provider)));

    private static ILogger LoggerOf(IServiceProvider provider) => provider.GetRequiredService<ILoggerFactory>().CreateLogger("Firehose");
}
