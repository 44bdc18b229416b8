using System.Text.Json;
using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Writing;
using Firehose.Relay;

namespace Apps.Tests.Worker;

/// <summary>The real process with its tables on a PostgreSQL server.</summary>
public sealed class PostgresWorkerTests(PostgresFixture postgres) : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_status_shows_the_pool_and_the_log_the_engines()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var relay = await StartRelayAsync(null);
        await using var child = Start(relay, database, ("DB_POOL_SIZE", "7"), ("BATCH_SIZE", "50"), ("PARALLEL_CONSUMERS", "4"), ("CONSUMER_ID", "worker-of-this-test"));

        var status = await child.StatusAsync(now => IsDone(now, relay));

        Assert.EndsWith(" of 7", status.GetProperty("firehose").GetProperty("pool").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, StateOf(status).GetProperty("pipelines").GetInt32());
        Assert.Contains("Firehose[1] The queue is in sqlite, tables and cursor are in PostgreSQL (127.0.0.1:", child.Errors, StringComparison.Ordinal);
        Assert.NotEmpty(database.Query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'worker-of-this-test'"));
        Assert.False(File.Exists(_data.Firehose));
        AssertEndState(database);
    }

    [FullLaneFact]
    public Task Killed_three_times_it_ends_in_the_same_state() => KillAsync(kills: 3, seed: 4);

    [FullLaneFact]
    public Task Killed_twenty_times_it_ends_in_the_same_state() => KillAsync(kills: 20, seed: 20);

    [FullLaneFact]
    public async Task A_reader_and_two_writers_may_be_three_processes()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var relay = await StartRelayAsync(new() { FramesPerSecond = 1_500 });
        await using var reader = Start(relay, database, ("WORKER_TYPE", "firehose-reader"));
        await reader.AddressAsync();
        await using var first = Start(relay, database, ("WORKER_TYPE", "firehose-writer"));
        await using var second = Start(relay, database, ("WORKER_TYPE", "firehose-writer"));

        await reader.StatusAsync(now => IsDone(now, relay));

        AssertEndState(database);
    }

    private async Task KillAsync(int kills, int seed)
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var relay = await StartRelayAsync(new() { FramesPerSecond = 1_500 });
        var random = new Random(seed);
        foreach (var point in Enumerable.Range(0, kills).Select(_ => random.NextInt64(1, relay.Head)).Order())
        {
            await using var child = Start(relay, database);
            // Leaving the block sends SIGKILL.
            await child.StatusAsync(now => CursorOf(now) >= point);
        }

        await using (var last = Start(relay, database)) await last.StatusAsync(now => IsDone(now, relay));
        AssertEndState(database);
        Assert.Empty(new SqliteDatabase(_data.Queue).Query("SELECT id FROM dead_letters"));
    }

    private static void AssertEndState(PostgresDatabase database)
    {
        Assert.Equal(EndState.Records(TestData.PathOf("firehose", "small.final.json")), database.Query(EndState.StoredRecords));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "small.final.json")), database.Query(EndState.StoredAccounts));
        EndState.AssertCounted(database);
    }

    private static Task<RecordedRelay> StartRelayAsync(RecordedRelayOptions? options) =>
        RecordedRelay.StartAsync(RecordedRelay.Load(TestData.PathOf("firehose", "small.frames")), options);

    private ChildWorker Start(RecordedRelay relay, PostgresDatabase database, params (string, string)[] environment) =>
        ChildWorker.Start($"run --port 0 --data {_data.Path}", [("RELAY_URL", relay.Url.ToString()), ("DATABASE_URL", database.Url), .. environment]);

    private static JsonElement StateOf(JsonElement status) => status.GetProperty("firehose").GetProperty("state");

    private static bool IsDone(JsonElement status, RecordedRelay relay) => CursorOf(status) == relay.Head && StateOf(status).GetProperty("backlog").GetInt64() == 0;

    private static long CursorOf(JsonElement status) =>
        StateOf(status) is { ValueKind: JsonValueKind.Object } state && state.GetProperty("cursor") is { ValueKind: JsonValueKind.Number } cursor ? cursor.GetInt64() : 0;
}
