using Servers;

namespace Apps.Tests.Worker;

/// <summary>Scenario 13: the relay drops connections, repeats frames and adds unknown ones, while Redis is away for 3 s and PostgreSQL for 3 s.</summary>
public sealed class Scenario13ServersAwayTests
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(3);

    [FullLaneFact]
    public Task A_short_stream_loses_nothing() => RunAsync(ServedFirehose.Small, framesPerSecond: 600);

    [FullLaneFact]
    public Task A_long_stream_loses_nothing() => RunAsync(ServedFirehose.Bench, framesPerSecond: 1_500);

    private static async Task RunAsync(string recording, int framesPerSecond)
    {
        await using var firehose = await ServedFirehose.StartOwnAsync(
            new() { FramesPerSecond = framesPerSecond, DropEvery = 700, RepeatEvery = 10, UnknownEvery = 25 }, recording);
        await using var worker = firehose.Start();

        await worker.StatusAsync(status => ServedFirehose.CursorOf(status) >= firehose.Relay.Head / 4);
        await AwayAsync(firehose.Redis);
        await worker.StatusAsync(status => ServedFirehose.CursorOf(status) >= firehose.Relay.Head / 2);
        await AwayAsync(firehose.Database.Server);
        var done = await firehose.DoneAsync(worker);

        Assert.True(firehose.Relay.Connections > 2);
        Assert.True(ServedFirehose.StateOf(done).GetProperty("frames").GetProperty("unknown").GetInt64() > 0);
        Assert.Equal(firehose.Unfit, ServedFirehose.DeadOf(done));
        await firehose.AssertEndStateAsync();
    }

    /// <summary>The scenario names the time; nothing is waited for in it.</summary>
    private static async Task AwayAsync(ServerProcess server)
    {
        await server.StopAsync();
        await Task.Delay(Away, TimeProvider.System, TestContext.Current.CancellationToken);
        await server.StartAsync(TestContext.Current.CancellationToken);
    }
}
