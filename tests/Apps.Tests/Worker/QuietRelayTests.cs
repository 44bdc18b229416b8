using Firehose.Decoding;
using Firehose.Relay;
using Servers;

namespace Apps.Tests.Worker;

/// <summary>A relay that has nothing more to say for a while.</summary>
public sealed class QuietRelayTests
{
    [FullLaneFact(Timeout = 120_000)]
    public async Task The_last_event_before_the_silence_is_published_although_the_connection_to_the_queue_breaks()
    {
        using var data = new DataDirectory();
        await using var redis = new RedisServer();
        await redis.StartAsync(TestContext.Current.CancellationToken);
        await using var proxy = TcpProxy.Start(redis.Port);
        var frame = RecordedRelay.Load(TestData.PathOf("firehose", "small.frames"))[0];
        await using var relay = await RecordedRelay.StartAsync([frame], stopping: TestContext.Current.CancellationToken);
        // The account's name stands only in the command that publishes its event.
        var cut = proxy.CutBefore(FrameDecoder.Decode(frame.Bytes).Did!);

        await using var reader = ChildWorker.Start(
            $"run --port 0 --data {data.Path}",
            ("WORKER_TYPE", "firehose-reader"), ("RELAY_URL", relay.Url.ToString()), ("REDIS_URL", $"redis://{proxy.Address}"));
        await cut;

        var done = await reader.StatusAsync(status => ServedFirehose.CursorOf(status) == relay.Head);
        Assert.Equal(1, ServedFirehose.BacklogOf(done));
    }
}
