using System.Text.Json;
using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Writing;
using Firehose.Relay;

namespace Apps.Tests.Worker;

/// <summary>Scenario 4: kill -9 of the process at random points of a replay; the same end state, nothing in the dead letters.</summary>
public sealed class Scenario04KilledTests
{
    [Fact]
    public Task Killed_it_ends_in_the_same_state() => KillAsync(kills: 1, seed: 4);

    [FullLaneFact]
    public Task Killed_twenty_times_it_ends_in_the_same_state() => KillAsync(kills: 20, seed: 20);

    private static async Task KillAsync(int kills, int seed)
    {
        using var undisturbed = new DataDirectory();
        using var killed = new DataDirectory();
        var frames = RecordedRelay.Load(TestData.PathOf("firehose", "small.frames"));
        await using (var fast = await RecordedRelay.StartAsync(frames))
            await FinishAsync(fast, undisturbed);

        await using var slow = await RecordedRelay.StartAsync(frames, new() { FramesPerSecond = 1_500 });
        var random = new Random(seed);
        var points = Enumerable.Range(0, kills).Select(_ => random.NextInt64(1, slow.Head)).Order().ToList();
        foreach (var point in points)
        {
            await using var child = Start(slow, killed);
            // Events handled by this life, or read by any: between two saves of the cursor the first one moves. Leaving the block sends SIGKILL.
            await child.StatusAsync(now => CursorOf(now) >= point || HandledOf(now) >= point / 2);
        }

        await FinishAsync(slow, killed);
        Assert.Equal(new SqliteDatabase(undisturbed.Firehose).Dump(), new SqliteDatabase(killed.Firehose).Dump());
        EndState.AssertCounted(new SqliteDatabase(killed.Firehose));
        Assert.Empty(new SqliteDatabase(killed.Queue).Query("SELECT id FROM dead_letters"));
    }

    private static async Task FinishAsync(RecordedRelay relay, DataDirectory data)
    {
        await using var child = Start(relay, data);
        await child.StatusAsync(now => CursorOf(now) == relay.Head && StateOf(now).GetProperty("backlog").GetInt64() == 0);
        child.Signal(ChildWorker.SigTerm);
        Assert.Equal(0, await child.ExitAsync());
    }

    private static ChildWorker Start(RecordedRelay relay, DataDirectory data) =>
        ChildWorker.Start($"run --port 0 --data {data.Path}", ("RELAY_URL", relay.Url.ToString()));

    private static JsonElement StateOf(JsonElement status) => status.GetProperty("firehose").GetProperty("state");

    private static long HandledOf(JsonElement status) => status.GetProperty("workers")[0].GetProperty("settled").GetProperty("completed").GetInt64();

    private static long CursorOf(JsonElement status) => StateOf(status).GetProperty("cursor") is { ValueKind: JsonValueKind.Number } cursor ? cursor.GetInt64() : 0;
}
