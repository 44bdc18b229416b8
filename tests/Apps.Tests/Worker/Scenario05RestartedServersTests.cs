namespace Apps.Tests.Worker;

/// <summary>Scenario 5: Redis and PostgreSQL are restarted during a replay, Redis by SIGKILL.</summary>
public sealed class Scenario05RestartedServersTests
{
    [FullLaneFact]
    public Task Restarted_once_each_they_end_in_the_same_state() => RestartAsync(ServedFirehose.Small, framesPerSecond: 1_000, rounds: 1);

    [FullLaneFact]
    public Task Restarted_five_times_each_they_end_in_the_same_state() => RestartAsync(ServedFirehose.Bench, framesPerSecond: 1_500, rounds: 5);

    private static async Task RestartAsync(string recording, int framesPerSecond, int rounds)
    {
        await using var firehose = await ServedFirehose.StartOwnAsync(new() { FramesPerSecond = framesPerSecond }, recording);
        await using var worker = firehose.Start();
        var stops = rounds * 2;
        for (var stop = 1; stop <= stops; stop++)
        {
            await worker.StatusAsync(status => ServedFirehose.CursorOf(status) >= firehose.Relay.Head * stop / (stops + 1));
            if (stop % 2 == 1)
            {
                await firehose.Redis.KillAsync();
                await firehose.Redis.StartAsync(TestContext.Current.CancellationToken);
            }
            else
            {
                await firehose.Database.Server.StopAsync();
                await firehose.Database.Server.StartAsync(TestContext.Current.CancellationToken);
            }
        }

        var done = await firehose.DoneAsync(worker);

        await firehose.AssertEndStateAsync();
        Assert.Equal(firehose.Unfit, ServedFirehose.DeadOf(done));
    }
}
