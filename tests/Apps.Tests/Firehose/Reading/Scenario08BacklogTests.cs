using Apps.Tests.Firehose.Databases;
using Firehose;
using Firehose.Relay;

namespace Apps.Tests.Firehose.Reading;

/// <summary>Scenario 8: a worker stopped for good; and what the sizes of batch and backlog do.</summary>
public sealed class Scenario08BacklogTests(PostgresFixture postgres)
{
    private const int Limit = 1_000;
    private static readonly IReadOnlyList<RecordedFrame> Recording = RecordedRelay.Load(TestData.PathOf("firehose", "small.frames"));

    [Fact]
    public async Task The_backlog_grows_to_its_limit_the_reader_pauses_and_nothing_is_lost()
    {
        await using var relay = await RecordedRelay.StartAsync(Recording);
        await using var host = new ReplayHost(relay.Url, configure: options =>
        {
            options.MaxBacklog = Limit;
            options.PublishBatchSize = 100;
        });

        await host.StartAsync(FirehoseRoles.Reader);
        // Counted at intervals: the figure may be of a moment before the last events came in.
        var full = await host.UntilAsync(status => status.Paused && status.Backlog >= Limit - 100);
        Assert.InRange(full.Backlog, Limit - 100, Limit + 100);
        await host.StopAsync();
        await host.StartAsync(FirehoseRoles.Writer);
        await host.UntilAsync(status => status.Backlog == 0);
        await host.StopAsync();
        await host.StartAsync();
        var done = await host.UntilAsync(status => status.Cursor == relay.Head && status.Backlog == 0);

        Assert.Equal(564, done.Posts);
        Assert.Equal(0, done.Desynchronized);
    }

    [Fact]
    public async Task No_transaction_holds_more_events_than_a_batch_may()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var relay = await RecordedRelay.StartAsync([.. Recording.Take(300)]);
        await using var host = new ReplayHost(relay.Url, database, options => options.BatchSize = 3);

        await host.StartAsync();
        await host.DrainedAsync(300);

        // The last event of each repository says in which transaction it came.
        Assert.InRange(int.Parse(Assert.Single(database.Query("SELECT max(n) FROM (SELECT count(*) AS n FROM repo_state GROUP BY xmin::text) x")), System.Globalization.CultureInfo.InvariantCulture), 1, 3);
    }
}
