using System.Text.Json;
using Firehose.Relay;

namespace Apps.Tests.Worker;

public sealed class RunTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_term_signal_drains_and_the_next_run_resumes_at_the_saved_cursor()
    {
        // The first life is given half of it, however long it takes to hear the signal.
        await using var relay = await StartRelayAsync(new() { FramesPerSecond = 1_000, Script = (connection, frame) => connection == 1 && frame.Seq > 900 ? [] : [new(frame.Bytes)] });
        long before;
        await using (var first = Start(relay))
        {
            before = CursorOf(await first.StatusAsync(now => CursorOf(now) > 100));
            first.Signal(ChildWorker.SigTerm);
            Assert.Equal(0, await first.ExitAsync());
        }

        await using var second = Start(relay);
        var after = await second.StatusAsync(now => CursorOf(now) == relay.Head && State(now).GetProperty("backlog").GetInt64() == 0);

        var received = State(after).GetProperty("frames").EnumerateObject().Sum(kind => kind.Value.GetInt64());
        Assert.InRange(received, 1, relay.Head - before + 1);
        Assert.Equal(0, State(after).GetProperty("gaps").GetInt64());
        Assert.Equal(564, State(after).GetProperty("posts").GetInt64());
    }

    [Fact]
    public async Task While_draining_it_says_so_and_a_second_signal_exits_at_once()
    {
        await using var relay = await StartRelayAsync(new() { FramesPerSecond = 200 });
        await using var child = Start(relay);
        await child.StatusAsync(now => State(now).GetProperty("posts").GetInt64() > 0);
        // The handler in hand waits for the lock, so the drain cannot end.
        using var held = DataDirectory.Execute(_data.Firehose, "BEGIN IMMEDIATE");
        await child.StatusAsync(now => now.GetProperty("workers")[0].GetProperty("running").GetInt32() > 0);

        child.Signal(ChildWorker.SigTerm);
        await child.ReadyAsync(503, "draining");
        child.Signal(ChildWorker.SigTerm);

        Assert.Equal(143, await child.ExitAsync());
    }

    [Theory]
    [InlineData("firehose-writer", 1)]
    [InlineData("firehose-reader", 0)]
    public async Task Worker_type_picks_the_roles(string role, int workers)
    {
        await using var relay = await StartRelayAsync(new());
        await using var child = Start(relay, ("WORKER_TYPE", role));

        var status = await child.StatusAsync();

        Assert.Equal(role, Assert.Single(status.GetProperty("process").GetProperty("roles").EnumerateArray()).GetString());
        Assert.Equal(workers, status.GetProperty("workers").GetArrayLength());
    }

    [Fact]
    public async Task Concurrency_sets_how_many_batches_run_at_once()
    {
        await using var relay = await StartRelayAsync(new());
        await using var child = Start(relay, ("CONCURRENCY", "7"));

        var status = await child.StatusAsync();

        Assert.Equal(7, status.GetProperty("workers")[0].GetProperty("concurrency").GetInt32());
    }

    private static Task<RecordedRelay> StartRelayAsync(RecordedRelayOptions options) =>
        RecordedRelay.StartAsync(RecordedRelay.Load(TestData.PathOf("firehose", "small.frames")), options);

    private ChildWorker Start(RecordedRelay relay, params (string, string)[] environment) =>
        ChildWorker.Start($"run --port 0 --data {_data.Path}", [("RELAY_URL", relay.Url.ToString()), .. environment]);

    private static JsonElement State(JsonElement status) => status.GetProperty("firehose").GetProperty("state");

    private static long CursorOf(JsonElement status) => State(status).GetProperty("cursor") is { ValueKind: JsonValueKind.Number } cursor ? cursor.GetInt64() : 0;
}
