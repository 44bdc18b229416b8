using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Reading;
using Apps.Tests.Firehose.Writing;
using Firehose;
using Firehose.Relay;
using Firehose.Storage.Postgres;
using Millrace.Sources;
using Millrace.Storage;
using Servers;

namespace Apps.Tests.Firehose.Storage;

/// <summary>What a PostgreSQL server can do to a writer: refuse a record, prefer another batch, drop sessions, be gone.</summary>
public sealed class PostgresTroubleTests(PostgresFixture postgres)
{
    private static readonly IReadOnlyList<RecordedFrame> Recording = RecordedRelay.Load(TestData.PathOf("firehose", "small.frames"));
    private static readonly Uri Nowhere = new("ws://127.0.0.1:9");

    private readonly TestRepo _anna = new("anna");

    [Theory]
    [InlineData("40001")]
    [InlineData("40P01")]
    public async Task A_batch_that_met_another_one_is_tried_again_at_once(string state)
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var harness = new WriterHarness(database);
        // A sequence is not rolled back: the third time succeeds.
        await database.ExecuteAsync($"""
            CREATE SEQUENCE tries;
            CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF nextval('tries') < 3 THEN RAISE SQLSTATE '{state}'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER meet BEFORE INSERT ON posts FOR EACH ROW EXECUTE FUNCTION meet();
            """);

        var writing = harness.HandleAsync(_anna.Commit(TestRepo.Post("p")));
        while (!writing.IsCompleted)
        {
            harness.Time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        await writing;
        Assert.Equal(["1"], harness.Query("SELECT count(*) FROM posts"));
        Assert.Equal(2, ((PostgresFirehoseStore)harness.Store).Conflicts);
        Assert.Empty(harness.DeadLetters);
        harness.AssertCounted();
    }

    [Fact]
    public async Task A_record_that_the_database_refuses_becomes_a_dead_letter_and_all_others_are_stored()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (database.Open(TimeProvider.System)) await database.ExecuteAsync("ALTER TABLE posts ADD CHECK (text <> 'poison')");
        await using var host = new ReplayHost(Nowhere, database);
        var repos = Enumerable.Range(0, 20).Select(i => new TestRepo($"r{i}")).ToList();
        List<Delivery> before = [.. repos.Select(repo => repo.Commit(TestRepo.Post("before")))];
        var poisoned = repos[7].Commit(TestRepo.Post("good"), TestRepo.Post("bad", "poison"), TestRepo.Like("l", repos[3].Uri("app.bsky.feed.post", "before")));
        List<Delivery> after = [.. repos.Select(repo => repo.Commit(TestRepo.Post("after")))];

        await host.Queue.EnqueueAsync([.. before.Append(poisoned).Concat(after).Select(ToJob)], TestContext.Current.CancellationToken);
        await host.StartAsync(FirehoseRoles.Writer);
        var status = await host.UntilAsync(now => now.Backlog == 0);

        Assert.Equal((41, 1, 1), (status.Posts, status.Likes, status.Dead));
        Assert.Equal(0, status.Desynchronized);
        var letters = new List<DeadLetter>();
        await foreach (var letter in host.Queue.ListDeadLettersAsync(new DeadLetterFilter(), TestContext.Current.CancellationToken)) letters.Add(letter);
        Assert.Equal(poisoned.Body.ToArray(), Assert.Single(letters).Body.ToArray());
        Assert.Contains(repos[7].Uri("app.bsky.feed.post", "bad"), letters[0].Reason, StringComparison.Ordinal);
        Assert.Contains("23514", letters[0].Reason, StringComparison.Ordinal);
        EndState.AssertCounted(host.Database);
    }

    [Fact]
    public async Task An_event_that_the_database_refuses_as_a_whole_is_dead_at_once_and_alone()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (database.Open(TimeProvider.System)) await database.ExecuteAsync("ALTER TABLE users ADD CHECK (handle <> 'bad.test')");
        await using var host = new ReplayHost(Nowhere, database);

        await host.Queue.EnqueueAsync([ToJob(_anna.Identity("good.test")), ToJob(_anna.Identity("bad.test")), ToJob(_anna.Commit(TestRepo.Post("p")))], TestContext.Current.CancellationToken);
        await host.StartAsync(FirehoseRoles.Writer);
        var status = await host.UntilAsync(now => now.Backlog == 0);

        Assert.Equal((1, 1), (status.Posts, status.Dead));
        Assert.Equal(["good.test"], host.Database.Query("SELECT handle FROM users"));
    }

    [FullLaneFact]
    public async Task Sessions_that_are_ended_cost_neither_events_nor_attempts()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions { FramesPerSecond = 1_000 });
        await using var host = new ReplayHost(relay.Url, database);

        await host.StartAsync();
        foreach (var seq in (long[])[300, 900, 1_500])
        {
            await host.UntilAsync(status => status.Cursor >= seq);
            await database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.Name}' AND pid <> pg_backend_pid()");
        }
        await host.DrainedAsync(relay.Head);

        await AssertEndStateAsync(host);
    }

    [FullLaneFact]
    public async Task A_server_that_is_killed_and_comes_back_costs_readiness_and_nothing_else()
    {
        await using var server = await PostgresServer.StartNewAsync(TestContext.Current.CancellationToken);
        var database = new PostgresDatabase(server, await server.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await using var relay = await RecordedRelay.StartAsync(Recording, new RecordedRelayOptions { FramesPerSecond = 1_000 });
        await using var host = new ReplayHost(relay.Url, database);
        await host.StartAsync();
        await host.UntilAsync(status => status.Posts > 50);

        await server.KillAsync();
        var reason = Assert.Single(await NotReadyAsync(host));
        Assert.Contains("DATABASE_URL", reason, StringComparison.Ordinal);
        await server.StartAsync(TestContext.Current.CancellationToken);
        await host.DrainedAsync(relay.Head);

        Assert.Empty(await host.Monitor.CheckReadyAsync(TestContext.Current.CancellationToken));
        await AssertEndStateAsync(host);
    }

    [Fact]
    public async Task The_pool_is_never_larger_than_asked_for()
    {
        var database = await postgres.CreateDatabaseAsync();
        // The server itself refuses a fourth session of this role: it may still count the one that brought the schema up to date and was closed.
        await database.ExecuteAsync($"CREATE ROLE narrow_{database.Name} LOGIN CONNECTION LIMIT 3; GRANT CREATE ON SCHEMA public TO narrow_{database.Name}");
        await using var relay = await RecordedRelay.StartAsync(Recording);
        await using var host = new ReplayHost(relay.Url, database, options =>
        {
            options.DatabaseUrl = database.Url.Replace("postgres@", $"narrow_{database.Name}@", StringComparison.Ordinal);
            options.DatabasePoolSize = 2;
            options.Pipelines = 12;
            options.BatchSize = 20;
        });

        await host.StartAsync();
        await host.DrainedAsync(relay.Head);

        Assert.DoesNotContain(host.LogLines, line => line.Contains("53300", StringComparison.Ordinal));
        Assert.EndsWith(" of 2", host.Monitor.Pool, StringComparison.Ordinal);
        Assert.Equal(["1"], database.Query($"SELECT count(*) BETWEEN 1 AND 2 FROM pg_stat_activity WHERE usename = 'narrow_{database.Name}'"));
        await AssertEndStateAsync(host);
    }

    [Fact]
    public async Task The_log_says_which_engines_were_chosen_and_the_server_who_is_there()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var host = new ReplayHost(Nowhere, database, options => options.ConsumerId = "night-shift-7");

        await host.StartAsync();
        await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken);

        Assert.Single(host.LogLines, line => line.StartsWith("Information 1 ", StringComparison.Ordinal) && line.Contains($"/{database.Name}", StringComparison.Ordinal));
        Assert.NotEmpty(database.Query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'night-shift-7'"));
    }

    private static async Task<IReadOnlyList<string>> NotReadyAsync(ReplayHost host)
    {
        while (true)
        {
            var reasons = await host.Monitor.CheckReadyAsync(TestContext.Current.CancellationToken);
            if (reasons.Count > 0) return reasons;
            await Task.Yield();
        }
    }

    private static async Task AssertEndStateAsync(ReplayHost host)
    {
        Assert.Equal(EndState.Records(TestData.PathOf("firehose", "small.final.json")), host.Database.Query(EndState.StoredRecords));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "small.final.json")), host.Database.Query(EndState.StoredAccounts));
        EndState.AssertCounted(host.Database);
        Assert.Equal(0, (await host.Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Dead);
    }

    private static NewJob ToJob(Delivery delivery) => new() { Queue = delivery.Queue, Key = delivery.Key, Body = delivery.Body };
}
