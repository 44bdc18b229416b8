using Servers;

namespace Millrace.Sources.Tests.Servers;

/// <summary>The consumers in Python start, take their part of a stream, and stop when asked.</summary>
public sealed class PlainConsumerTests
{
    private const string Stream = "firehose:events", Group = "firehose-processors";

    /// <summary>A notice of the relay, which means nothing to the tables: version, kind, and no parts.</summary>
    private const string Notice = "\u0001\u0005\0\0\0\0";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [FullLaneTheory]
    [InlineData("tests/PlainConsumer", 1)]
    [InlineData("bench/PlainConsumer", 0)]
    public async Task It_acknowledges_what_it_did_and_stops_when_asked(string folder, int left)
    {
        Assert.SkipWhen(Python.Find() is null, Python.Missing);
        await using var redis = await RedisServer.StartNewAsync(Stop);
        await using var postgres = await PostgresServer.StartNewAsync(Stop);
        await redis.ExecuteAsync("XGROUP", "CREATE", Stream, Group, "0", "MKSTREAM");
        if (left > 0) await redis.ExecuteAsync("XADD", Stream, "1-0", "body", Notice, "kind", "for-somebody-else");
        await redis.ExecuteAsync("XADD", Stream, "2-0", "body", Notice);
        await redis.ExecuteAsync("XADD", Stream, "3-0", "body", Notice, "key", "did:plc:a");

        await using var consumer = new PlainConsumer(folder, new Dictionary<string, string> { ["REDIS_URL"] = redis.Url, ["DATABASE_URL"] = postgres.Url, ["CONSUMER_ID"] = "old" });
        await consumer.StartAsync(Stop);
        await using var watch = await redis.ConnectAsync(Stop);
        while (!await IsDoneAsync(watch, left)) Assert.True(consumer.IsRunning, consumer.Output);
        await consumer.StopAsync();

        Assert.Equal(0, consumer.ExitCode);
    }

    [FullLaneFact]
    public async Task The_benchmarks_ends_by_itself_when_the_stream_is_drained()
    {
        Assert.SkipWhen(Python.Find() is null, Python.Missing);
        await using var redis = await RedisServer.StartNewAsync(Stop);
        await using var postgres = await PostgresServer.StartNewAsync(Stop);
        await using var consumer = new PlainConsumer("bench/PlainConsumer", new Dictionary<string, string> { ["REDIS_URL"] = redis.Url, ["DATABASE_URL"] = postgres.Url }, "--drain");
        await redis.ExecuteAsync("XADD", Stream, "2-0", "body", Notice);
        await consumer.StartAsync(Stop);
        Assert.Equal(0, await consumer.ExitAsync(Stop));
        await using var watch = await redis.ConnectAsync(Stop);
        Assert.True(await IsDoneAsync(watch, left: 0));
    }

    /// <summary>Whether everything was read, and so much of it waits for somebody else.</summary>
    private static async Task<bool> IsDoneAsync(RespConnection redis, int left)
    {
        var groups = (object?[])(await redis.ExecuteAsync(["XINFO", "GROUPS", Stream], Stop))!;
        var group = (object?[])groups[0]!;
        object? Field(string name) => group[Array.IndexOf(group, name) + 1];
        return Field("lag") is 0L && Field("pending") is long pending && pending == left;
    }
}
