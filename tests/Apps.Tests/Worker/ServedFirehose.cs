using System.Collections.Concurrent;
using System.Text.Json;
using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Writing;
using Firehose.Relay;
using Servers;

namespace Apps.Tests.Worker;

/// <summary>The firehose of one test on real servers: a Redis of its own, a PostgreSQL database, a recorded relay, and the worker as child processes.</summary>
internal sealed class ServedFirehose : IAsyncDisposable
{
    public const string Small = "small", Bench = "bench";
    public const string Stream = "firehose:events", Group = "firehose-processors";

    /// <summary>Only a test that fails waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Undisturbed = new();

    private readonly DataDirectory _data = new();
    private readonly string _recording;
    private readonly bool _ownsPostgres;
    private bool _relayEnded;

    private ServedFirehose(string recording, RedisServer redis, PostgresDatabase database, RecordedRelay relay, bool ownsPostgres)
    {
        _recording = recording;
        _ownsPostgres = ownsPostgres;
        (Redis, Database, Relay) = (redis, database, relay);
    }

    public RedisServer Redis { get; }

    public PostgresDatabase Database { get; }

    public RecordedRelay Relay { get; }

    /// <summary>Where processes keep what is not on the servers.</summary>
    public string Data => _data.Path;

    /// <summary>With a database on the server of all tests, which nobody may stop.</summary>
    public static async Task<ServedFirehose> StartAsync(PostgresFixture postgres, RecordedRelayOptions? relay = null, string recording = Small) =>
        await StartAsync(await postgres.CreateDatabaseAsync(), relay, recording, ownsPostgres: false);

    /// <summary>With a PostgreSQL of its own, for a test that stops it.</summary>
    public static async Task<ServedFirehose> StartOwnAsync(RecordedRelayOptions? relay = null, string recording = Small)
    {
        // What a killed process wrote is with the kernel; only a machine's end would need more.
        var server = new PostgresServer(null, "fsync=off");
        await server.StartAsync(TestContext.Current.CancellationToken);
        return await StartAsync(new(server, await server.CreateDatabaseAsync(TestContext.Current.CancellationToken)), relay, recording, ownsPostgres: true);
    }

    /// <summary>A worker: of all roles unless <paramref name="environment"/> names one.</summary>
    public ChildWorker Start(params (string, string)[] environment) => ChildWorker.Start(
        $"run --port 0 --data {_data.Path}",
        [("RELAY_URL", Relay.Url.ToString()), ("REDIS_URL", Redis.Url), ("DATABASE_URL", Database.Url), .. environment]);

    public ChildWorker StartReader(params (string, string)[] environment) => Start([("WORKER_TYPE", "firehose-reader"), .. environment]);

    public ChildWorker StartWriter(params (string, string)[] environment) => Start([("WORKER_TYPE", "firehose-writer"), .. environment]);

    /// <summary>Waits until the reader has read everything and nobody has anything left to do.</summary>
    public Task<JsonElement> DoneAsync(ChildWorker reader) => reader.StatusAsync(status => CursorOf(status) == Relay.Head && BacklogOf(status) == 0);

    /// <summary>Looks again and again until it is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> so)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await so()) await timer.WaitForNextTickAsync(patience.Token);
    }

    /// <summary>Entries that a consumer whose name begins so was given and has not acknowledged.</summary>
    public async Task<long> PendingOfAsync(string consumer)
    {
        var summary = (object?[])(await Redis.ExecuteAsync("XPENDING", Stream, Group))!;
        return ((object?[]?)summary[3] ?? []).Cast<object?[]>().Where(row => ((string)row[0]!).StartsWith(consumer, StringComparison.Ordinal))
            .Sum(row => long.Parse((string)row[1]!, System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Every row of every table is as after a replay that nothing disturbed, nothing is pending, and what does not fit its table is the only thing dead.</summary>
    public async Task AssertEndStateAsync()
    {
        var (expected, actual) = (await UndisturbedAsync(_recording), Database.Dump());
        // The rows that differ say more than the start of two long texts.
        var (missing, extra) = (expected.Split('\n').Except(actual.Split('\n')), actual.Split('\n').Except(expected.Split('\n')));
        Assert.True(expected == actual, $"Missing rows:\n{string.Join('\n', missing)}\nExtra rows:\n{string.Join('\n', extra)}");
        AssertExported();
        Assert.Equal(0, await PendingOfAsync(""));
    }

    /// <summary>The records and accounts are those that the recorded server exported, and every counter is right.</summary>
    public void AssertExported()
    {
        var export = TestData.PathOf("firehose", _recording == Small ? "small.final.json" : "bench.final.json.gz");
        var unfit = Database.Query("SELECT DISTINCT uri FROM rejected_records");
        Assert.Equal(EndState.Records(export).Where(record => !unfit.Contains(record.Split('|')[0])), Database.Query(EndState.StoredRecords));
        Assert.Empty(EndState.Accounts(export).Except(Database.Query(EndState.StoredAccounts)));
        EndState.AssertCounted(Database);
    }

    /// <summary>How many dead letters the recording makes of itself.</summary>
    public int Unfit => _recording == Small ? 0 : 2;

    public static JsonElement StateOf(JsonElement status) => status.GetProperty("firehose").GetProperty("state");

    public static long CursorOf(JsonElement status) => NumberOf(status, "cursor") ?? 0;

    /// <summary>The backlog; unknown while a server is away.</summary>
    public static long? BacklogOf(JsonElement status) => NumberOf(status, "backlog");

    public static long DeadOf(JsonElement status) => NumberOf(status, "dead") ?? -1;

    /// <summary>Events that this process handled.</summary>
    public static long HandledOf(JsonElement status) =>
        StateOf(status) is { ValueKind: JsonValueKind.Object } state ? state.GetProperty("events").EnumerateObject().Sum(verdict => verdict.Value.GetInt64()) : 0;

    /// <summary>The relay is gone for good.</summary>
    public async Task EndRelayAsync()
    {
        _relayEnded = true;
        await Relay.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_relayEnded) await Relay.DisposeAsync();
        await Redis.DisposeAsync();
        if (_ownsPostgres) await Database.Server.DisposeAsync();
        _data.Dispose();
    }

    private static async Task<ServedFirehose> StartAsync(PostgresDatabase database, RecordedRelayOptions? options, string recording, bool ownsPostgres)
    {
        var redis = new RedisServer("redis-server", "--appendfsync", "always");
        await redis.StartAsync(TestContext.Current.CancellationToken);
        var relay = await RecordedRelay.StartAsync(RecordedRelay.Load(FramesOf(recording)), options, stopping: TestContext.Current.CancellationToken);
        return new(recording, redis, database, relay, ownsPostgres);
    }

    private static long? NumberOf(JsonElement status, string name) =>
        StateOf(status) is { ValueKind: JsonValueKind.Object } state && state.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;

    private static string FramesOf(string recording) => TestData.PathOf("firehose", recording == Small ? "small.frames" : "bench.frames.gz");

    private static Task<string> UndisturbedAsync(string recording) => Undisturbed.GetOrAdd(recording, _ => new(async () =>
    {
        await using var postgres = await PostgresServer.StartNewAsync(CancellationToken.None);
        await using var harness = new WriterHarness(new PostgresDatabase(postgres, await postgres.CreateDatabaseAsync(CancellationToken.None)));
        await harness.ReplayAsync(WriterHarness.Deliveries(FramesOf(recording)));
        return harness.Dump();
    })).Value;
}
