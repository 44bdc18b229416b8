using Apps.Tests.Firehose.Databases;

namespace Apps.Tests.Worker;

/// <summary>Scenario 4 with the queue in Redis: kill -9 of reader or writer at random points of a replay; only what fits no table is dead.</summary>
public sealed class Scenario04KilledOnServersTests(PostgresFixture postgres)
{
    [FullLaneFact]
    public Task Killed_three_times_they_end_in_the_same_state() => KillAsync(ServedFirehose.Small, framesPerSecond: 1_000, kills: 3, seed: 4);

    [FullLaneFact]
    public Task Killed_twenty_times_they_end_in_the_same_state() => KillAsync(ServedFirehose.Bench, framesPerSecond: 1_000, kills: 20, seed: 20);

    private async Task KillAsync(string recording, int framesPerSecond, int kills, int seed)
    {
        await using var firehose = await ServedFirehose.StartAsync(postgres, new() { FramesPerSecond = framesPerSecond }, recording);
        var reader = firehose.StartReader();
        var writer = firehose.StartWriter();
        try
        {
            var random = new Random(seed);
            var points = Enumerable.Range(0, kills).Select(_ => random.NextInt64(1, firehose.Relay.Head)).Order().ToList();
            for (var kill = 0; kill < kills; kill++)
            {
                await reader.StatusAsync(status => ServedFirehose.CursorOf(status) >= points[kill]);
                if (kill % 2 == 0)
                {
                    await reader.DisposeAsync();
                    reader = firehose.StartReader();
                }
                else
                {
                    // One that has work in hand is killed.
                    await writer.StatusAsync(status => ServedFirehose.HandledOf(status) > 0);
                    await writer.DisposeAsync();
                    writer = firehose.StartWriter();
                }
            }

            var done = await firehose.DoneAsync(reader);

            Assert.Equal(firehose.Unfit, ServedFirehose.DeadOf(done));
            await firehose.AssertEndStateAsync();
        }
        finally
        {
            await reader.DisposeAsync();
            await writer.DisposeAsync();
        }
    }
}
