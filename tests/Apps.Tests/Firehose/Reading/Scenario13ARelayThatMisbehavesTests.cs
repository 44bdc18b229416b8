using Apps.Tests.Firehose.Writing;
using Firehose;
using Firehose.Relay;

namespace Apps.Tests.Firehose.Reading;

public sealed class Scenario13ARelayThatMisbehavesTests
{
    private static readonly IReadOnlyList<RecordedFrame> Recording = RecordedRelay.Load(TestData.PathOf("firehose", "small.frames"));

    [Fact]
    public async Task A_relay_that_behaves_is_copied_whole()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording);
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(relay.Head);

        AssertEndState(host);
        Assert.Equal(1, relay.Connections);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(37)]
    public async Task Dropped_connections_repeated_and_unknown_frames_change_nothing(int dropEvery)
    {
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions { DropEvery = dropEvery, RepeatEvery = 10, UnknownEvery = 25 });
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync();
        await host.DrainedAsync(relay.Head);

        AssertEndState(host);
        Assert.True(relay.Connections > 2000 / dropEvery);
        var status = await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken);
        Assert.True(status.Frames["repeated"] > 0);
        Assert.True(status.Frames["unknown"] > 0);
        Assert.Equal(0, status.Dead);
    }

    [Fact]
    public async Task A_stopped_reader_resumes_behind_the_last_event_it_queued()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions { DropEvery = 300 });
        await using var host = new ReplayHost(relay.Url);

        foreach (var seq in (long[])[200, 900, 1500])
        {
            await host.StartAsync();
            await host.UntilAsync(status => status.Cursor >= seq);
            await host.StopAsync();
        }
        await host.StartAsync();
        await host.DrainedAsync(relay.Head);

        AssertEndState(host);
    }

    [Fact]
    public async Task Reader_and_writer_may_run_apart()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording);
        await using var host = new ReplayHost(relay.Url);

        await host.StartAsync(FirehoseRoles.Reader);
        await host.UntilAsync(status => status.Cursor == relay.Head);
        await host.StopAsync();
        await host.StartAsync(FirehoseRoles.Writer);
        await host.UntilAsync(status => status.Backlog == 0);

        AssertEndState(host);
    }

    private static void AssertEndState(ReplayHost host)
    {
        Assert.Equal(EndState.Records(TestData.PathOf("firehose", "small.final.json")), host.Database.Query(EndState.StoredRecords));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "small.final.json")), host.Database.Query(EndState.StoredAccounts));
        EndState.AssertCounted(host.Database);
        Assert.Empty(host.Database.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
    }
}
