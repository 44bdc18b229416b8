using Apps.Tests.Firehose.Databases;

namespace Apps.Tests.Worker;

/// <summary>Each variable of the stream acts on a real server; REDIS_MAX_STREAM_LEN does in scenario 8.</summary>
public sealed class RedisVariablesTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Stream_group_consumer_and_cursor_have_the_names_that_were_given()
    {
        await using var firehose = await ServedFirehose.StartAsync(postgres);
        var half = firehose.Relay.Head / 2;
        // What an earlier program left: one cursor under the plain key.
        await firehose.Redis.ExecuteAsync("SET", "old:cursor", $"{half}");
        await using var worker = firehose.Start(
            ("REDIS_STREAM_KEY", "my:stream"), ("REDIS_CURSOR_KEY", "old:cursor"), ("REDIS_CONSUMER_GROUP", "my-group"), ("GROUP_ID", "not-this"), ("CONSUMER_ID", "night-shift"));

        var done = await firehose.DoneAsync(worker);
        var consumers = (object?[])(await firehose.Redis.ExecuteAsync("XINFO", "CONSUMERS", "my:stream", "my-group"))!;
        worker.Signal(ChildWorker.SigTerm);
        Assert.Equal(0, await worker.ExitAsync());

        Assert.Equal(["my-group"], await GroupsAsync(firehose, "my:stream"));
        Assert.Contains(consumers.Cast<object?[]>(), consumer => ((string)consumer[1]!).StartsWith("night-shift", StringComparison.Ordinal));
        Assert.Equal(0L, await firehose.Redis.ExecuteAsync("EXISTS", ServedFirehose.Stream));
        Assert.Equal($"{firehose.Relay.Head}", await firehose.Redis.ExecuteAsync("GET", $"old:cursor:{firehose.Relay.Url.Authority}"));
        Assert.Equal($"{half}", await firehose.Redis.ExecuteAsync("GET", "old:cursor"));
        Assert.InRange(ServedFirehose.HandledOf(done), 1, firehose.Relay.Head - half);
    }

    [FullLaneFact]
    public async Task Without_a_name_of_its_own_the_consumer_group_is_that_of_the_processes()
    {
        await using var firehose = await ServedFirehose.StartAsync(postgres);
        await using var worker = firehose.Start(("GROUP_ID", "night-shift"));

        await firehose.DoneAsync(worker);

        Assert.Equal(["night-shift"], await GroupsAsync(firehose, ServedFirehose.Stream));
    }

    private static async Task<IEnumerable<string>> GroupsAsync(ServedFirehose firehose, string stream) =>
        ((object?[])(await firehose.Redis.ExecuteAsync("XINFO", "GROUPS", stream))!).Cast<object?[]>().Select(group => (string)group[1]!);
}
