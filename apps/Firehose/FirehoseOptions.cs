namespace Firehose;

/// <summary>How the firehose runs; fixed after start. <see cref="FromEnvironment"/> says which variable sets what.</summary>
public sealed class FirehoseOptions
{
    /// <summary>The relay; the path of subscribeRepos is appended.</summary>
    /// <value>wss://bsky.network.</value>
    public Uri RelayUrl { get; set; } = new("wss://bsky.network");

    /// <summary>Most events in one transaction, 1 to 10,000 (`BATCH_SIZE`).</summary>
    /// <value>500.</value>
    public int BatchSize { get; set; } = 500;

    /// <summary>Batches handled at once, 1 to 10,000 (`PARALLEL_CONSUMERS`).</summary>
    /// <value>5.</value>
    public int Pipelines { get; set; } = 5;

    /// <summary>Queued events at which the reader pauses, 1,000 or more (`REDIS_MAX_STREAM_LEN`); nothing is ever trimmed.</summary>
    /// <value>500,000.</value>
    public long MaxBacklog { get; set; } = 500_000;

    /// <summary>The Redis servers of the stream and the cursors (`REDIS_URL`), or null for a queue in SQLite in the data directory.</summary>
    /// <value>null.</value>
    public string? RedisUrl { get; set; }

    /// <summary>How long an event waits at most for an earlier one of its repository that another program of the stream's group has in hand.</summary>
    /// <value>2 minutes: longer than it takes to count such a program as dead and to take over 4,000 events that it had.</value>
    public TimeSpan OrderWait { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a process that says nothing more keeps the events it had in hand, 1 second to 1 day; it renews its hold long before.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After how long a silence another program of the stream's group counts as dead, so that what it left comes to us, 1 second to 1 day.</summary>
    /// <value>1 minute.</value>
    public TimeSpan ForeignConsumerTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The PostgreSQL database of the tables (`DATABASE_URL`), or null for SQLite in the data directory.</summary>
    /// <value>null.</value>
    public string? DatabaseUrl { get; set; }

    /// <summary>Most connections to that database, 1 to 1,000 (`DB_POOL_SIZE`).</summary>
    /// <value>20.</value>
    public int DatabasePoolSize { get; set; } = 20;

    /// <summary>What this process calls itself at a server (`CONSUMER_ID`): 1 to 128 visible ASCII characters.</summary>
    /// <value>Host name and process id.</value>
    public string ConsumerId { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The stream between reader and writer (`REDIS_STREAM_KEY`).</summary>
    /// <value>firehose:events.</value>
    public string StreamKey { get; set; } = "firehose:events";

    /// <summary>Where the cursors are kept (`REDIS_CURSOR_KEY`).</summary>
    /// <value>firehose:cursor.</value>
    public string CursorKey { get; set; } = "firehose:cursor";

    /// <summary>The stream's consumer group (`REDIS_CONSUMER_GROUP`).</summary>
    /// <value>firehose-processors.</value>
    public string ConsumerGroup { get; set; } = "firehose-processors";

    /// <summary>Frames received and not yet read, 16 or more.</summary>
    /// <value>8,192.</value>
    public int MaxBufferedFrames { get; set; } = 8_192;

    /// <summary>Bytes received and not yet read, from 5 MB.</summary>
    /// <value>8 MiB.</value>
    public long MaxBufferedBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Most events published as one unit.</summary>
    /// <value>1,000.</value>
    public int PublishBatchSize { get; set; } = 1_000;

    /// <summary>How often a frame may be refused before it goes to the dead letters and reading goes on behind it, 1 to 100.</summary>
    /// <value>3.</value>
    public int FrameTries { get; set; } = 3;

    /// <summary>The longest wait before the first reconnect; it doubles with each failure, and the real wait is drawn below it.</summary>
    /// <value>500 milliseconds.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between two connections.</summary>
    /// <value>One minute.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long to stay away from a relay whose stream ends before our cursor.</summary>
    /// <value>5 minutes.</value>
    public TimeSpan CursorAheadDelay { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often the cursor is saved while events flow.</summary>
    /// <value>One second.</value>
    public TimeSpan CursorInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The options that <paramref name="variables"/> describe; unset variables leave the defaults.</summary>
    /// <param name="variables">From name to value, or null.</param>
    /// <param name="faults">Gets each fault in one line that names the variable.</param>
    public static FirehoseOptions FromEnvironment(Func<string, string?> variables, ICollection<string> faults)
    {
        ArgumentNullException.ThrowIfNull(variables);
        ArgumentNullException.ThrowIfNull(faults);
        var options = new FirehoseOptions();
        var reader = new VariableReader(variables, faults);
        options.RelayUrl = reader.Relay("RELAY_URL", options.RelayUrl);
        options.BatchSize = (int)reader.Number("BATCH_SIZE", options.BatchSize, 1, 10_000);
        options.Pipelines = (int)reader.Number("PARALLEL_CONSUMERS", options.Pipelines, 1, 10_000);
        options.MaxBacklog = reader.Number("REDIS_MAX_STREAM_LEN", options.MaxBacklog, 1_000, long.MaxValue);
        options.RedisUrl = reader.Redis("REDIS_URL");
        options.DatabaseUrl = reader.Database("DATABASE_URL");
        options.DatabasePoolSize = (int)reader.Number("DB_POOL_SIZE", options.DatabasePoolSize, 1, 1_000);
        options.ConsumerId = reader.Name("CONSUMER_ID", options.ConsumerId, 128);
        options.StreamKey = reader.Name("REDIS_STREAM_KEY", options.StreamKey, 512);
        options.CursorKey = reader.Name("REDIS_CURSOR_KEY", options.CursorKey, 512);
        options.ConsumerGroup = reader.Name("REDIS_CONSUMER_GROUP", options.ConsumerGroup, 512);
        return options;
    }
}
