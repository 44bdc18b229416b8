using Firehose.Reading;
using Firehose.Relay;
using Millrace.Storage;

namespace Apps.Tests.Firehose.Reading;

/// <summary>The frames that a relay sends when all is not well: each is visible in log, metric and status.</summary>
public sealed class Scenario06EdgeFramesTests
{
    private static readonly IReadOnlyList<RecordedFrame> Recording = [.. RecordedRelay.Load(TestData.PathOf("firehose", "small.frames")).Take(50)];

    [Fact]
    public async Task FutureCursor_raises_an_alarm_and_does_not_loop()
    {
        var error = RecordedFrames.Read(TestData.PathOf("firehose", "edge-future.frames")).Single();
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions { Script = (_, _) => [new RelayMessage(error, Ends: true)] });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        var status = await host.UntilAsync(status => status.Gaps > 0 && !status.Connected);

        Assert.Contains("FutureCursor", status.LastError, StringComparison.Ordinal);
        Assert.Contains(host.LogLines, line => line.StartsWith("Critical 103", StringComparison.Ordinal));
        Assert.Contains(await host.Monitor.CheckReadyAsync(TestContext.Current.CancellationToken), reason => reason.Contains("FutureCursor", StringComparison.Ordinal));
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task A_relay_that_counts_from_the_start_again_raises_an_alarm_and_repeats_nothing()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions
        {
            Script = (_, frame) => frame.Seq == 50
                ? [new RelayMessage(frame.Bytes), .. Enumerable.Repeat(new RelayMessage(Recording[0].Bytes), 10_000)]
                : [new RelayMessage(frame.Bytes)],
        });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        var status = await host.UntilAsync(status => status.Gaps > 0 && !status.Connected && status.Backlog == 0);

        Assert.Equal(50, status.Cursor);
        Assert.Equal(50, status.Events.Values.Sum());
        Assert.Contains(host.LogLines, line => line.StartsWith("Critical 103", StringComparison.Ordinal));
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task OutdatedCursor_is_reported_as_a_gap_and_reading_goes_on()
    {
        var edge = RecordedFrames.Read(TestData.PathOf("firehose", "edge-outdated.frames")).First();
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions
        {
            Script = (_, frame) => frame.Seq == 1 ? [new RelayMessage(edge), new RelayMessage(frame.Bytes)] : [new RelayMessage(frame.Bytes)],
        });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(50);

        var status = await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, status.Gaps);
        Assert.Contains(host.LogLines, line => line.Contains("OutdatedCursor", StringComparison.Ordinal));
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task ConsumerTooSlow_reconnects_at_the_cursor()
    {
        var tooSlow = RecordedFrames.Read(TestData.PathOf("firehose", "edge-slow.frames")).Last();
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions
        {
            Script = (connection, frame) => connection == 1 && frame.Seq == 21 ? [new RelayMessage(tooSlow, Ends: true)] : [new RelayMessage(frame.Bytes)],
        });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(50);

        Assert.Equal(2, relay.Connections);
        Assert.Contains(host.LogLines, line => line.Contains("ConsumerTooSlow", StringComparison.Ordinal));
        Assert.Contains(host.LogLines, line => line.Contains("cursor 20", StringComparison.Ordinal));
        var status = await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken);
        Assert.Equal(50, status.Frames.Where(kind => kind.Key is "commit" or "sync" or "identity" or "account").Sum(kind => kind.Value));
    }

    [Fact]
    public async Task A_frame_that_was_damaged_on_the_way_is_read_the_next_time()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions
        {
            Script = (connection, frame) => connection == 1 && frame.Seq == 21 ? [new RelayMessage(frame.Bytes[..40])] : [new RelayMessage(frame.Bytes)],
        });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(50);

        Assert.Equal(2, relay.Connections);
        Assert.Equal(0, (await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Dead);
    }

    [Theory]
    [InlineData("malformed", "at byte")]
    [InlineData("text", "FRM010")]
    [InlineData("oversized", "FRM010")]
    public async Task A_frame_that_is_never_whole_becomes_a_dead_letter_after_three_tries_and_reading_goes_on(string kind, string reason)
    {
        var bad = kind switch
        {
            "text" => new RelayMessage("hello"u8.ToArray(), IsText: true),
            "oversized" => new RelayMessage(new byte[5_000_001]),
            _ => new RelayMessage(new byte[] { 0xa2, 0x61, 0xff }),
        };
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions
        {
            Script = (_, frame) => frame.Seq == 21 ? [bad, new RelayMessage(frame.Bytes)] : [new RelayMessage(frame.Bytes)],
        });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(50);

        Assert.Equal(3, relay.Connections);
        var letters = new List<DeadLetter>();
        await foreach (var letter in host.Queue.ListDeadLettersAsync(new DeadLetterFilter(), TestContext.Current.CancellationToken)) letters.Add(letter);
        Assert.Contains(reason, Assert.Single(letters).Reason, StringComparison.Ordinal);
        Assert.Equal(Math.Min(bad.Bytes.Length, FrameSocket.MaxFrameBytes), letters[0].Body.Length);
    }
}
