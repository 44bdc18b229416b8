using Apps.Tests.Firehose.Databases;
using Firehose.Writing;
using Millrace.Outcomes;
using Millrace.Storage;

namespace Apps.Tests.Firehose.Writing;

/// <summary>An event whose predecessor another program has in hand waits for it, and for nothing else.</summary>
public abstract class OrderWaitTests(TestDatabases databases)
{
    [Fact]
    public async Task It_waits_while_others_have_work_and_goes_on_when_the_one_before_has_come()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait(() => true));
        var (repo, other) = (new TestRepo("a"), new TestRepo("b"));
        var (first, second, third) = (repo.Commit(TestRepo.Post("1")), repo.Commit(TestRepo.Post("2")), repo.Commit(TestRepo.Post("3")));
        await harness.HandleAsync(first);

        // The second is somebody else's still.
        var outcomes = await harness.HandleAsync(third, repo.Commit(TestRepo.Post("4")), other.Commit(TestRepo.Post("1")));
        Assert.Equal([Outcome.Snoozed(TimeSpan.FromMilliseconds(100)), Outcome.Released, Outcome.Completed], outcomes);
        Assert.Equal(2, harness.Query("SELECT uri FROM posts").Count);

        await harness.HandleAsync(second);
        Assert.Equal([Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(third, 1)));
        Assert.Empty(harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
        harness.AssertCounted();
    }

    [Fact]
    public async Task A_sync_waits_for_the_commit_whose_revision_it_names()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait(() => true));
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")));
        var commit = repo.Commit(TestRepo.Post("2"));
        var sync = repo.Sync(default);

        Assert.Equal([Outcome.Snoozed(TimeSpan.FromMilliseconds(100))], await harness.HandleAsync(sync));
        await harness.HandleAsync(commit, WriterHarness.Snoozed(sync, 1));

        Assert.Empty(harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
        Assert.Equal(2, harness.Query("SELECT uri FROM posts").Count);
    }

    [Fact]
    public async Task It_does_not_wait_when_nobody_has_what_comes_before()
    {
        await using var harness = await WriterHarness.CreateAsync(databases, Wait(() => false));
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
        await using var harness = await WriterHarness.CreateAsync(databases, Wait(() => throw new StoreException("DB001", "gone")));
        var repo = new TestRepo("a");
        await harness.HandleAsync(repo.Commit(TestRepo.Post("1")));
        repo.Commit(TestRepo.Post("2"));
        var third = repo.Commit(TestRepo.Post("3"));

        // 0.1 + 0.2 + 0.4 + 0.8 + 1.6 seconds, then 2 seconds each.
        for (var looks = 0; looks < 8; looks++)
            Assert.Equal([Outcome.Snoozed(looks < 5 ? TimeSpan.FromMilliseconds(100 << looks) : TimeSpan.FromSeconds(2))], await harness.HandleAsync(WriterHarness.Snoozed(third, looks)));
        Assert.Equal([Outcome.Completed], await harness.HandleAsync(WriterHarness.Snoozed(third, 8)));
    }

    private static OrderWait Wait(Func<bool> othersWork) => new(TimeSpan.FromSeconds(9), _ => new(othersWork()));
}

public sealed class OrderWaitTestsOnSqlite() : OrderWaitTests(TestDatabases.Sqlite);

public sealed class OrderWaitTestsOnPostgres(PostgresFixture postgres) : OrderWaitTests(postgres);
