using Apps.Tests.Firehose.Databases;
using Firehose.Decoding;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

/// <summary>Section 5 of the requirements, rule by rule.</summary>
public abstract class WriterRulesTests(TestDatabases databases) : IAsyncLifetime
{
    private WriterHarness _harness = null!;
    private readonly TestRepo _anna = new("anna"), _ben = new("ben");

    private string PostUri => _anna.Uri(Collections.Post, "p");

    [Fact]
    public async Task A_like_that_comes_before_its_post_counts_once_the_post_is_there()
    {
        await _harness.HandleAsync(_ben.Commit(TestRepo.Like("l", PostUri), TestRepo.Repost("r", PostUri)));
        Assert.Empty(_harness.Query("SELECT * FROM post_counts"));

        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")));

        Assert.Equal([$"{PostUri}|1|1|0|0"], _harness.Query("SELECT * FROM post_counts"));
        _harness.AssertCounted();
    }

    [Fact]
    public async Task A_second_like_of_the_same_post_is_kept_and_counts_when_the_first_is_gone()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _ben.Commit(TestRepo.Like("a", PostUri)), _ben.Commit(TestRepo.Like("b", PostUri)));
        Assert.Equal(["2|1"], _harness.Query("SELECT count(*), count(*) FILTER (WHERE counted) FROM likes"));
        Assert.Equal(["1"], _harness.Query("SELECT likes FROM post_counts"));

        await _harness.HandleAsync(_ben.Commit(TestRepo.Delete(Collections.Like, "a")));
        Assert.Equal(["1"], _harness.Query("SELECT counted FROM likes"));
        Assert.Equal(["1"], _harness.Query("SELECT likes FROM post_counts"));

        await _harness.HandleAsync(_ben.Commit(TestRepo.Delete(Collections.Like, "b")));
        Assert.Equal(["0"], _harness.Query("SELECT likes FROM post_counts"));
    }

    [Fact]
    public async Task A_promoted_repost_takes_the_place_of_the_first_in_the_feed()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _ben.Commit(TestRepo.Repost("a", PostUri)), _ben.Commit(TestRepo.Repost("b", PostUri)));
        await _harness.HandleAsync(_ben.Commit(TestRepo.Delete(Collections.Repost, "a")));

        Assert.Equal([_ben.Uri(Collections.Repost, "b")], _harness.Query("SELECT uri FROM feed_items WHERE type = 'repost'"));
        _harness.AssertCounted();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task When_a_user_changed_does_not_depend_on_how_events_fall_into_batches(int batchSize)
    {
        List<Delivery> events = [_anna.Commit(TestRepo.Post("p")), _anna.Commit(TestRepo.Profile("Anna")), _anna.Commit(TestRepo.Delete(Collections.Profile, "self"))];
        var last = events[^1].Body;

        await _harness.ReplayAsync(events, batchSize);

        var at = DateTimeOffset.Parse(FrameBody.Read(last).Time!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal([at], _harness.Query("SELECT indexed_at FROM users").Select(text => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(["NULL"], _harness.Query("SELECT display_name FROM users"));
    }

    [Theory]
    [InlineData("deactivated", 1)]
    [InlineData("deleted", 0)]
    public async Task A_commit_from_before_its_account_was_closed_counts_as_before_when_it_comes_later(string status, int posts)
    {
        await _harness.HandleAsync(_anna.Commit());
        var commit = _anna.Commit(TestRepo.Post("p"));
        await _harness.HandleAsync(_anna.Account(active: false, status));

        await _harness.HandleAsync(commit);
        Assert.Empty(_harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("q")));

        Assert.Equal(posts, _harness.Query("SELECT uri FROM posts").Count);
    }

    [Fact]
    public async Task A_profile_under_another_key_is_a_dead_letter_and_touches_nothing()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Profile("Anna")));
        var before = _harness.Query("SELECT * FROM users");

        await _harness.HandleAsync(_anna.Commit(TestRepo.Profile("Other", key: "other")), _anna.Commit(TestRepo.Delete(Collections.Profile, "other")));

        Assert.Contains("a profile's key is \"self\", not \"other\"", Assert.Single(_harness.DeadLetters.Values), StringComparison.Ordinal);
        Assert.Equal(before, _harness.Query("SELECT * FROM users"));
    }

    [Fact]
    public async Task A_second_follow_counts_once_on_both_sides()
    {
        await _harness.HandleAsync(_ben.Commit(TestRepo.Follow("a", _anna.Did)), _ben.Commit(TestRepo.Follow("b", _anna.Did)));

        Assert.Equal(["did:plc:anna|0|0|1", "did:plc:ben|0|1|0"], _harness.Query("SELECT * FROM user_counts ORDER BY did"));
    }

    [Fact]
    public async Task An_updated_like_leaves_its_old_subject()
    {
        var other = _anna.Uri(Collections.Post, "q");
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p"), TestRepo.Post("q")), _ben.Commit(TestRepo.Like("l", PostUri)));
        await _harness.HandleAsync(_ben.Commit(TestRepo.Like("l", other, RepoAction.Update)));

        Assert.Equal([$"{PostUri}|0", $"{other}|1"], _harness.Query("SELECT uri, likes FROM post_counts ORDER BY uri"));
    }

    [Fact]
    public async Task Deleting_a_post_removes_its_counts_and_every_feed_item_of_it()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _ben.Commit(TestRepo.Repost("r", PostUri), TestRepo.Post("answer", replyTo: PostUri)));
        Assert.Equal(["0|1|1|0"], _harness.Query("SELECT likes, reposts, replies, quotes FROM post_counts WHERE uri LIKE '%anna%'"));

        await _harness.HandleAsync(_anna.Commit(TestRepo.Delete(Collections.Post, "p")));

        Assert.Empty(_harness.Query("SELECT uri FROM post_counts WHERE uri LIKE '%anna%'"));
        Assert.Equal([_ben.Uri(Collections.Post, "answer")], _harness.Query("SELECT uri FROM feed_items"));
        _harness.AssertCounted();
    }

    [Fact]
    public async Task A_late_create_does_not_bring_back_what_was_deleted()
    {
        var create = _anna.Commit(TestRepo.Post("p"));
        var delete = _anna.Commit(TestRepo.Delete(Collections.Post, "p"));
        await _harness.HandleAsync(delete);

        await _harness.HandleAsync(create);
        await _harness.HandleAsync(Requeued(create));

        Assert.Empty(_harness.Query("SELECT uri FROM posts"));
    }

    [Fact]
    public async Task A_requeued_event_is_applied_although_its_repository_went_on_but_overwrites_nothing_newer()
    {
        var lost = _anna.Commit(TestRepo.Post("p", "old"), TestRepo.Post("q", "kept"));
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p", "new", action: RepoAction.Update)));

        await _harness.HandleAsync(lost);
        Assert.Equal(["new"], _harness.Query("SELECT text FROM posts"));

        await _harness.HandleAsync(Requeued(lost));
        Assert.Equal(["kept", "new"], _harness.Query("SELECT text FROM posts ORDER BY 1"));
        _harness.AssertCounted();
    }

    [Fact]
    public async Task A_deleted_account_takes_its_rows_and_what_they_counted_along()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p"), TestRepo.Post("answer", replyTo: _ben.Uri(Collections.Post, "b"))),
            _ben.Commit(TestRepo.Post("b"), TestRepo.Like("l", PostUri)),
            _anna.Commit(TestRepo.Like("l", _ben.Uri(Collections.Post, "b")), TestRepo.Follow("f", _ben.Did)));

        await _harness.HandleAsync(_anna.Account(active: false, "deleted"));

        Assert.Empty(_harness.Query("SELECT uri FROM posts WHERE author LIKE '%anna' UNION ALL SELECT uri FROM likes WHERE actor LIKE '%anna' UNION ALL SELECT uri FROM follows"));
        Assert.Equal(["0|0"], _harness.Query("SELECT likes, replies FROM post_counts"));
        Assert.Equal(["deleted"], _harness.Query("SELECT status FROM users WHERE did LIKE '%anna'"));
        _harness.AssertCounted();
    }

    [Theory]
    [InlineData("takendown")]
    [InlineData("suspended")]
    [InlineData("deactivated")]
    public async Task A_hidden_account_keeps_its_rows_and_shows_them_again_when_it_is_back(string status)
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _anna.Account(active: false, status), _ben.Account(active: true));
        Assert.Equal(["1|1"], _harness.Query("SELECT (SELECT count(*) FROM posts), posts FROM user_counts"));
        Assert.Empty(_harness.Query("SELECT uri FROM visible_posts"));

        var ignored = _anna.Commit(TestRepo.Post("q"));
        var back = _anna.Account(active: true);
        await _harness.HandleAsync(ignored, back);
        await _harness.HandleAsync(ignored, back);

        Assert.Equal([PostUri], _harness.Query("SELECT uri FROM visible_posts"));
        Assert.Equal(["desynchronized"], _harness.Query("SELECT status FROM repo_state WHERE did LIKE '%anna'"));
    }

    [Fact]
    public async Task An_old_account_or_identity_event_changes_nothing()
    {
        var active = _anna.Account(active: true);
        var first = _anna.Identity("old.test");
        await _harness.HandleAsync(active, first, _anna.Identity("new.test"), _anna.Account(active: false, "takendown"));

        await _harness.HandleAsync(active, first);

        Assert.Equal(["new.test|takendown"], _harness.Query("SELECT handle, status FROM users"));
    }

    [Fact]
    public async Task A_commit_that_does_not_follow_on_the_last_marks_its_repository_and_is_applied()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _anna.Commit("3kzzzzzzzzzzz", TestRepo.Post("q")));

        Assert.Equal(["desynchronized"], _harness.Query("SELECT status FROM repo_state"));
        Assert.Equal(["2"], _harness.Query("SELECT count(*) FROM posts"));
        Assert.Equal(1, _harness.Activity.Gaps);
        Assert.Equal(1, (await _harness.Store.ReadTotalsAsync(TestContext.Current.CancellationToken)).Desynchronized);
    }

    [Fact]
    public async Task A_sync_with_another_state_marks_its_repository_and_one_with_the_same_does_not()
    {
        var same = Cid.Of("tree"u8);
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _anna.Sync(same), _ben.Commit(TestRepo.Post("p")), _ben.Sync(same, later: true));

        Assert.Equal(["did:plc:ben"], _harness.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
    }

    [Fact]
    public async Task Sort_at_is_the_earlier_of_declared_and_indexed_time()
    {
        await _harness.HandleAsync(_anna.Commit(
            TestRepo.Post("past", createdAt: "2020-05-05T00:00:00Z"), TestRepo.Post("future", createdAt: "2999-01-01T00:00:00Z"),
            TestRepo.Post("nonsense", createdAt: "yesterday"), TestRepo.Post("silent", createdAt: null)));

        Assert.Equal(["0|1|2999-01-01T00:00:00.000Z", "0|1|NULL", "1|0|2020-05-05T00:00:00.000Z", "0|1|NULL"], _harness.Query("""
            SELECT f.sort_at = coalesce(p.created_at, '1970-01-01T00:00:00.000Z'), f.sort_at = p.indexed_at, p.created_at
            FROM posts p JOIN feed_items f USING (uri) ORDER BY uri
            """));
    }

    public async ValueTask InitializeAsync() => _harness = await WriterHarness.CreateAsync(databases);

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static Millrace.Sources.Delivery Requeued(Millrace.Sources.Delivery delivery) =>
        new($"{delivery.Id}-again") { Queue = delivery.Queue, Key = delivery.Key, Body = delivery.Body, RequeuedFrom = delivery.Id };
}

public sealed class WriterRulesTestsOnSqlite() : WriterRulesTests(TestDatabases.Sqlite);

public sealed class WriterRulesTestsOnPostgres(PostgresFixture postgres) : WriterRulesTests(postgres);
