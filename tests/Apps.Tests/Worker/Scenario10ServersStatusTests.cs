using Firehose.Relay;

namespace Apps.Tests.Worker;

/// <summary>Scenario 10 with servers: the status says how the firehose is, and readiness turns false when relay, Redis or database is gone, and true again.</summary>
public sealed class Scenario10ServersStatusTests
{
    [FullLaneFact]
    public async Task The_status_shows_all_and_readiness_follows_relay_redis_and_database()
    {
        await using var firehose = await ServedFirehose.StartOwnAsync();
        await using var worker = firehose.Start(("PARALLEL_CONSUMERS", "3"), ("DB_POOL_SIZE", "7"));
        await firehose.DoneAsync(worker);
        // Of whole seconds: the one that runs counts with the next.
        var status = await worker.StatusAsync(now => ServedFirehose.StateOf(now).GetProperty("eventsPerSecond").GetDouble() > 0);

        var state = ServedFirehose.StateOf(status);
        Assert.Equal(firehose.Relay.Url.Authority, state.GetProperty("relayHost").GetString());
        Assert.True(state.GetProperty("lagSeconds").GetDouble() > 0);
        Assert.Equal(3, state.GetProperty("pipelines").GetInt32());
        Assert.True(state.GetProperty("posts").GetInt64() > 0);
        Assert.EndsWith(" of 7", status.GetProperty("firehose").GetProperty("pool").GetString(), StringComparison.Ordinal);
        await worker.ReadyAsync(200, "\"ready\": true");

        await firehose.Redis.StopAsync();
        await worker.ReadyAsync(503, "REDIS_URL");
        Assert.NotEqual("", (await worker.StatusAsync()).GetProperty("firehose").GetProperty("error").GetString());
        await firehose.Redis.StartAsync(TestContext.Current.CancellationToken);
        await worker.ReadyAsync(200, "\"ready\": true");

        await firehose.Database.Server.StopAsync();
        await worker.ReadyAsync(503, "firehose store: ");
        Assert.NotEqual("", (await worker.StatusAsync()).GetProperty("firehose").GetProperty("error").GetString());
        await firehose.Database.Server.StartAsync(TestContext.Current.CancellationToken);
        await worker.ReadyAsync(200, "\"ready\": true");

        await firehose.EndRelayAsync();
        await worker.ReadyAsync(503, $"not connected to {firehose.Relay.Url.Authority}");
        await using var back = await RecordedRelay.StartAsync(
            RecordedRelay.Load(TestData.PathOf("firehose", "small.frames")), new() { Port = firehose.Relay.Url.Port }, stopping: TestContext.Current.CancellationToken);
        await worker.ReadyAsync(200, "\"ready\": true");
    }
}
