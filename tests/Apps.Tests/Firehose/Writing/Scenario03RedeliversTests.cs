using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

public sealed class Scenario03RedeliversTests
{
    private static readonly List<Delivery> Recorded = WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames"));

    private static readonly Lazy<Task<string>> Once = new(async () =>
    {
        await using var harness = new WriterHarness();
        await harness.ReplayAsync(Recorded);
        return harness.Dump();
    });

    [Fact]
    public async Task A_second_replay_changes_nothing()
    {
        await using var harness = new WriterHarness();

        await harness.ReplayAsync(Recorded);
        await harness.ReplayAsync(Recorded, batchSize: 333);

        Assert.Equal(await Once.Value, harness.Dump());
        Assert.Empty(harness.DeadLetters);
    }

    [Fact]
    public async Task Every_batch_may_come_twice()
    {
        await using var harness = new WriterHarness();

        foreach (var batch in Recorded.Chunk(90))
        {
            await harness.HandleAsync(batch);
            await harness.HandleAsync(batch);
        }

        Assert.Equal(await Once.Value, harness.Dump());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Any_stretch_may_come_again_at_any_time(int seed)
    {
        await using var harness = new WriterHarness();
        var chance = new Random(seed);

        for (var at = 0; at < Recorded.Count;)
        {
            var next = Recorded.Skip(at).Take(chance.Next(1, 120)).ToList();
            await harness.HandleAsync(next);
            at += next.Count;
            var from = chance.Next(at);
            if (chance.Next(2) == 0) await harness.HandleAsync(Recorded.Skip(from).Take(Math.Min(chance.Next(1, 400), at - from)).ToList());
        }

        Assert.Equal(await Once.Value, harness.Dump());
        EndState.AssertCounted(harness.Store.Path);
    }

    [Fact]
    public async Task One_batch_may_hold_an_event_twice()
    {
        await using var harness = new WriterHarness();

        await harness.ReplayAsync(Recorded.SelectMany(delivery => new[] { delivery, delivery }), batchSize: 250);

        Assert.Equal(await Once.Value, harness.Dump());
    }
}
