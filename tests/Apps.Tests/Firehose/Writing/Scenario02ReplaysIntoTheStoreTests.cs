using Apps.Tests.Firehose.Databases;

namespace Apps.Tests.Firehose.Writing;

public abstract class Scenario02ReplaysIntoTheStoreTests(TestDatabases databases)
{
    /// <summary>The quick lane leaves one out: an event a batch takes long on a server.</summary>
    public static TheoryData<int> BatchSizes => FullLane.Runs ? [1, 7, 500] : [7, 500];

    [Theory]
    [MemberData(nameof(BatchSizes))]
    public async Task A_replay_ends_in_the_servers_own_state(int batchSize)
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await harness.ReplayAsync(WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames")), batchSize);

        Assert.Equal(EndState.Records(TestData.PathOf("firehose", "small.final.json")), harness.Query(EndState.StoredRecords));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "small.final.json")), harness.Query(EndState.StoredAccounts));
        Assert.Empty(harness.DeadLetters);
        harness.AssertCounted();
    }

    [Fact]
    public async Task However_it_is_batched_the_end_state_is_the_same_to_the_byte()
    {
        var deliveries = WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames"));
        var dumps = new List<string>();
        foreach (var batchSize in FullLane.Runs ? (int[])[1, 13, 500, 5000] : [13, 5000])
        {
            await using var harness = await WriterHarness.CreateAsync(databases);
            await harness.ReplayAsync(deliveries, batchSize);
            dumps.Add(harness.Dump());
        }

        Assert.All(dumps, dump => Assert.Equal(dumps[0], dump));
    }

    [FullLaneFact]
    public async Task The_large_recording_ends_in_the_servers_own_state_too()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await harness.ReplayAsync(WriterHarness.Deliveries(TestData.PathOf("firehose", "bench.frames.gz")));

        var exported = EndState.Records(TestData.PathOf("firehose", "bench.final.json.gz"));
        var stored = harness.Query(EndState.StoredRecords);
        Assert.Empty(stored.Except(exported));
        // What the tables lack does not fit them: each such record is named by a dead letter.
        var missing = exported.Except(stored).Select(record => record.Split('|')[0]).ToList();
        Assert.All(missing, uri => Assert.Contains(harness.DeadLetters.Values, reason => reason.Contains(uri, StringComparison.Ordinal)));
        Assert.Equal(2, harness.DeadLetters.Count);
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "bench.final.json.gz")), harness.Query(EndState.StoredAccounts));
        harness.AssertCounted();
    }
}

public sealed class Scenario02ReplaysIntoTheStoreTestsOnSqlite() : Scenario02ReplaysIntoTheStoreTests(TestDatabases.Sqlite);

public sealed class Scenario02ReplaysIntoTheStoreTestsOnPostgres(PostgresFixture postgres) : Scenario02ReplaysIntoTheStoreTests(postgres.InFullLane);
