using System.Collections.Concurrent;
using Apps.Tests.Firehose.Databases;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

public abstract class Scenario03RedeliversTests(TestDatabases databases)
{
    private static readonly List<Delivery> Recorded = WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames"));

    private static readonly ConcurrentDictionary<TestDatabases, Lazy<Task<string>>> Once = new();

    [Fact]
    public async Task A_second_replay_changes_nothing()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await harness.ReplayAsync(Recorded);
        await harness.ReplayAsync(Recorded, batchSize: 333);

        Assert.Equal(await OnceAsync(), harness.Dump());
        Assert.Empty(harness.DeadLetters);
    }

    [Fact]
    public async Task Every_batch_may_come_twice()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        foreach (var batch in Recorded.Chunk(90))
        {
            await harness.HandleAsync(batch);
            await harness.HandleAsync(batch);
        }

        Assert.Equal(await OnceAsync(), harness.Dump());
    }

    public static TheoryData<int> Seeds => FullLane.Runs ? [1, 2, 3, 4, 5] : [1, 2];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Any_stretch_may_come_again_at_any_time(int seed)
    {
        await using var harness = await WriterHarness.CreateAsync(databases);
        var chance = new Random(seed);

        for (var at = 0; at < Recorded.Count;)
        {
            var next = Recorded.Skip(at).Take(chance.Next(1, 120)).ToList();
            await harness.HandleAsync(next);
            at += next.Count;
            var from = chance.Next(at);
            if (chance.Next(2) == 0) await harness.HandleAsync(Recorded.Skip(from).Take(Math.Min(chance.Next(1, 400), at - from)).ToList());
        }

        Assert.Equal(await OnceAsync(), harness.Dump());
        harness.AssertCounted();
    }

    [Fact]
    public async Task One_batch_may_hold_an_event_twice()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await harness.ReplayAsync(Recorded.SelectMany(delivery => new[] { delivery, delivery }), batchSize: 250);

        Assert.Equal(await OnceAsync(), harness.Dump());
    }

    /// <summary>The end state of an undisturbed replay on the same engine.</summary>
    private Task<string> OnceAsync() => Once.GetOrAdd(databases, _ => new(async () =>
    {
        await using var harness = await WriterHarness.CreateAsync(databases);
        await harness.ReplayAsync(Recorded);
        return harness.Dump();
    })).Value;
}

public sealed class Scenario03RedeliversTestsOnSqlite() : Scenario03RedeliversTests(TestDatabases.Sqlite);

public sealed class Scenario03RedeliversTestsOnPostgres(PostgresFixture postgres) : Scenario03RedeliversTests(postgres.InFullLane);
