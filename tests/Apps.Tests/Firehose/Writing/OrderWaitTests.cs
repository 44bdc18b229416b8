using Apps.Tests.Firehose.Databases;
using Firehose.Writing;
using Millrace.Outcomes;
using Millrace.Sources;
using Millrace.Storage;

namespace Apps.Tests.Firehose.Writing;

/// <summary>An event whose predecessor another program has in hand waits for it, and for nothing else.</summary>
public abstract class OrderWaitTests(TestDatabases databases)
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(9);
    private static readonly Outcome s_waits = Outcome.Snoozed(TimeSpan.FromMilliseconds(100));

    /// <summary>Another program has something before these in hand.</summary>
    private readonly HashSet<string> _behind = new(StringComparer.Ordinal);

    [Fact]
    public async Task It_waits_while_another_has_the_one_before_and_goes_on_when_that_has_come()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var (repo, other) = (new TestRepo("a"), new TestRepo("b"));
        var (first, second, third) = (repo.Commit(TestRepo.Post("1")), repo.Commit(TestRepo.Post("2")), Behind(repo.Commit(TestRepo.Post("3"))));
        await harness.HandleAsync(first);

        // The second is somebody else's still.
        var outcomes = await harness.HandleAsync(third, repo.Commit(TestRepo.Post("4")), other.Commit(TestRepo.Post("1")));
        Assert.Equal([s_waits, Outcome.Released, Outcome.Completed], outcomes);
        Assert.Equal(2, harness.Query("SELECT uri FROM posts").Count);

        // It may not have said yet that it is done.
        await harness.HandleAsync(second);
        Assert.Equal([Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(third, 1)));
        AssertInStep(harness);
    }

    [Fact]
    public async Task A_sync_waits_for_the_commit_whose_revision_it_names()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")));
        var commit = repo.Commit(TestRepo.Post("2"));
        var sync = Behind(repo.Sync(default));

        Assert.Equal([s_waits], await harness.HandleAsync(sync));
        await harness.HandleAsync(commit, WriterHarness.Snoozed(sync, 1));

        AssertInStep(harness);
        Assert.Equal(2, harness.Query("SELECT uri FROM posts").Count);
    }

    [Fact]
    public async Task A_commit_of_an_account_that_is_not_active_waits_for_its_return()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")), repo.Account(active: false, "deactivated"));
        var back = repo.Account(active: true);
        var commit = Behind(repo.Commit(TestRepo.Post("2")));

        Assert.Equal([s_waits], await harness.HandleAsync(commit));
        await harness.HandleAsync(back);
        Assert.Equal([Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(commit, 1)));

        AssertInStep(harness);
        Assert.Equal(2, harness.Query("SELECT uri FROM posts").Count);
    }

    [Fact]
    public async Task A_commit_of_an_account_that_is_not_active_is_ignored_when_nobody_has_its_return()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")), repo.Account(active: false, "deactivated"));

        Assert.Equal([Outcome.Completed], await harness.HandleAsync(repo.Commit(TestRepo.Post("2"))));
        Assert.Single(harness.Query("SELECT uri FROM posts"));
    }

    [Fact]
    public async Task A_new_status_waits_for_what_was_subject_to_the_old_one()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")), repo.Account(active: false, "takendown"));
        var ignored = repo.Commit(TestRepo.Post("2"));
        var back = Behind(repo.Account(active: true));

        Assert.Equal([s_waits], await harness.HandleAsync(back));
        await harness.HandleAsync(ignored);
        _behind.Clear();
        await harness.HandleAsync(WriterHarness.Snoozed(back, 1));

        Assert.Single(harness.Query("SELECT uri FROM posts"));
        Assert.Equal(["active"], harness.Query("SELECT status FROM users"));
    }

    [Fact]
    public async Task The_first_commit_of_a_repository_that_is_not_known_waits_for_what_introduces_it()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        var identity = repo.Identity("ada.test");
        var (first, second) = (Behind(repo.Commit(TestRepo.Post("1"))), Behind(repo.Commit(TestRepo.Post("2"))));

        Assert.Equal([s_waits, Outcome.Released], await harness.HandleAsync(first, second));
        await harness.HandleAsync(identity);
        Assert.Equal([s_waits], await harness.HandleAsync(second));
        Assert.Equal([Outcome.Completed, Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(first, 1), WriterHarness.Snoozed(second, 1)));

        AssertInStep(harness);
    }

    [Fact]
    public async Task It_does_not_wait_when_nobody_has_what_comes_before()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait());
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")));
        repo.Commit(TestRepo.Post("2"));

        Assert.Equal([Outcome.Completed, Outcome.Completed], await harness.HandleAsync(repo.Commit(TestRepo.Post("3")), repo.Commit(TestRepo.Post("4"))));
        Assert.Equal([repo.Did], harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
        Assert.Equal(3, harness.Query("SELECT uri FROM posts").Count);
    }

    [Fact]
    public async Task It_waits_no_longer_than_it_may_and_a_server_that_does_not_answer_says_nothing()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, new OrderWait(s_longest, (_, _) => throw new StoreException("DB001", "gone")));
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Identity("ada.test"), repo.Commit(TestRepo.Post("1")));
        repo.Commit(TestRepo.Post("2"));
        var third = repo.Commit(TestRepo.Post("3"));

        // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 seconds, then 2 seconds each.
        for (var looks = 0; looks < 8; looks++)
            Assert.Equal([Outcome.Snoozed(looks < 5 ? TimeSpan.FromMilliseconds(100 << looks) : TimeSpan.FromSeconds(2))], await harness.HandleAsync(WriterHarness.Snoozed(third, looks)));
        Assert.Equal([Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(third, 8)));
    }

    private OrderWait Wait() => new(s_longest, (deliveries, _) => new([.. Enumerable.Range(0, deliveries.Count).Where(i => _behind.Contains(deliveries[i].Id))]));

    private Delivery Behind(Delivery delivery)
    {
        _behind.Add(delivery.Id);
        return delivery;
    }

    private static void AssertInStep(WriterHarness harness)
    {
        Assert.Empty(harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
        harness.AssertCounted();
    }
}

public sealed class OrderWaitTestsOnSqlite() : OrderWaitTests(TestDatabases.Sqlite);

public sealed class OrderWaitTestsOnPostgres(PostgresFixture postgres) : OrderWaitTests(postgres);
