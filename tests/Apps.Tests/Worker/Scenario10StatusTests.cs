using System.Text.Json;
using Firehose.Relay;

namespace Apps.Tests.Worker;

/// <summary>Scenario 10: the status says how the firehose is, and readiness turns false when relay or database is gone.</summary>
public sealed class Scenario10StatusTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_status_shows_relay_cursor_lag_rate_pipelines_pool_and_backlog()
    {
        await using var relay = await StartRelayAsync();
        await using var child = Start(relay, ("PARALLEL_CONSUMERS", "3"), ("GROUP_ID", "night-shift"));

        var status = await child.StatusAsync(now => IsDone(now, relay));

        var firehose = status.GetProperty("firehose");
        var state = firehose.GetProperty("state");
        Assert.Equal(relay.Url.Authority, state.GetProperty("relayHost").GetString());
        Assert.Equal(relay.Head, state.GetProperty("cursor").GetInt64());
        Assert.True(state.GetProperty("lagSeconds").GetDouble() > 0);
        Assert.True(state.GetProperty("eventsPerSecond").GetDouble() >= 0);
        Assert.Equal(3, state.GetProperty("pipelines").GetInt32());
        Assert.Equal(0, state.GetProperty("backlog").GetInt64());
        Assert.True(state.GetProperty("posts").GetInt64() > 0);
        Assert.Equal("n/a (embedded)", firehose.GetProperty("pool").GetString());

        var process = status.GetProperty("process");
        Assert.Equal("night-shift", process.GetProperty("group").GetString());
        Assert.Equal(["firehose-reader", "firehose-writer"], process.GetProperty("roles").EnumerateArray().Select(role => role.GetString()));
        Assert.True(process.GetProperty("durability").GetProperty("durable").GetBoolean());
        Assert.True(process.GetProperty("memory").GetProperty("peakWorkingSet").GetInt64() > 0);

        var worker = Assert.Single(status.GetProperty("workers").EnumerateArray());
        Assert.Equal("Running", worker.GetProperty("state").GetString());
        Assert.Equal(0, Assert.Single(status.GetProperty("queues").EnumerateArray()).GetProperty("counts").GetProperty("waiting").GetInt64());
    }

    [Fact]
    public async Task Readiness_turns_false_when_the_relay_is_gone_and_the_process_stays_alive()
    {
        var relay = await StartRelayAsync();
        await using var child = Start(relay);
        await child.ReadyAsync(200, "\"ready\": true");

        await relay.DisposeAsync();

        await child.ReadyAsync(503, $"not connected to {relay.Url.Authority}");
        using var alive = await child.GetAsync("/healthz");
        Assert.Equal(200, (int)alive.StatusCode);
    }

    [FullLaneTheory]
    [InlineData("millrace.db")]
    [InlineData("firehose.db")]
    public async Task Readiness_turns_false_while_a_database_cannot_be_written(string name)
    {
        await using var relay = await StartRelayAsync(new() { FramesPerSecond = 200, Passes = 1000 });
        await using var child = Start(relay);
        await child.StatusAsync(now => State(now).GetProperty("posts").GetInt64() > 0);

        using (DataDirectory.Execute(Path.Combine(_data.Path, name), "BEGIN IMMEDIATE"))
            await child.ReadyAsync(503, "DB004");

        await child.ReadyAsync(200, "\"ready\": true");
    }

    private static Task<RecordedRelay> StartRelayAsync(RecordedRelayOptions? options = null) =>
        RecordedRelay.StartAsync(RecordedRelay.Load(TestData.PathOf("firehose", "small.frames")), options);

    private ChildWorker Start(RecordedRelay relay, params (string, string)[] environment) =>
        ChildWorker.Start($"run --port 0 --data {_data.Path}", [("RELAY_URL", relay.Url.ToString()), .. environment]);

    private static JsonElement State(JsonElement status) => status.GetProperty("firehose").GetProperty("state");

    private static bool IsDone(JsonElement status, RecordedRelay relay) =>
        State(status) is var state && state.GetProperty("cursor") is { ValueKind: JsonValueKind.Number } cursor && cursor.GetInt64() == relay.Head && state.GetProperty("backlog").GetInt64() == 0;
}
