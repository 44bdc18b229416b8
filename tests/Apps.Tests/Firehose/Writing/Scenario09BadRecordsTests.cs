using Apps.Tests.Firehose.Databases;
using Firehose.Decoding;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

public abstract class Scenario09BadRecordsTests(TestDatabases databases) : IAsyncLifetime
{
    private WriterHarness _harness = null!;
    private readonly TestRepo _anna = new("anna");

    [Fact]
    public async Task A_text_with_U0000_is_stored_with_UFFFD()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p", "a\0b")));

        Assert.Equal(["a\uFFFDb"], _harness.Query("SELECT text FROM posts"));
        Assert.Empty(_harness.DeadLetters);
    }

    [Fact]
    public async Task A_record_that_does_not_fit_is_named_by_a_dead_letter_and_the_rest_of_its_commit_is_stored()
    {
        var bad = _anna.Commit(TestRepo.Post("good"), TestRepo.Post("number", 12), TestRepo.Like("nothing", null));

        var outcomes = await _harness.HandleAsync(bad, _anna.Commit(TestRepo.Post("next")));

        Assert.Equal(["good", "next"], _harness.Query("SELECT replace(uri, rtrim(uri, replace(uri, '/', '')), '') FROM posts ORDER BY 1"));
        var reason = Assert.IsType<Outcome.DeadOutcome>(outcomes[0]).Reason;
        Assert.Contains(_anna.Uri(Collections.Post, "number"), reason, StringComparison.Ordinal);
        Assert.Contains(_anna.Uri(Collections.Like, "nothing"), reason, StringComparison.Ordinal);
        Assert.Contains("2 of 3", reason, StringComparison.Ordinal);
        Assert.Same(Outcome.Completed, outcomes[1]);
    }

    [Fact]
    public async Task The_same_delivery_dies_again_but_another_one_of_the_same_event_does_not()
    {
        var bad = _anna.Commit(TestRepo.Post("number", 12));
        await _harness.HandleAsync(bad);

        // We may have died before the dead letter was written; the relay may have sent the event again; an operator may have asked for it.
        Assert.IsType<Outcome.DeadOutcome>((await _harness.HandleAsync(bad))[0]);
        Assert.Same(Outcome.Completed, (await _harness.HandleAsync(Copy(bad, "repeated")))[0]);
        Assert.IsType<Outcome.DeadOutcome>((await _harness.HandleAsync(Copy(bad, "requeued", requeuedFrom: bad.Id)))[0]);
    }

    [Fact]
    public async Task An_update_that_does_not_fit_takes_the_old_row_away()
    {
        await _harness.HandleAsync(_anna.Commit(TestRepo.Post("p")), _anna.Commit(TestRepo.Post("p", 12, action: RepoAction.Update)));

        Assert.Empty(_harness.Query("SELECT uri FROM posts"));
        _harness.AssertCounted();
    }

    [Fact]
    public async Task A_commit_of_200_operations_is_one_batch_of_rows()
    {
        await _harness.HandleAsync(_anna.Commit([.. Enumerable.Range(0, 200).Select(i => TestRepo.Post($"p{i}"))]));

        Assert.Equal(["200|200"], _harness.Query("SELECT (SELECT count(*) FROM posts), posts FROM user_counts"));
    }

    [Fact]
    public async Task A_body_that_is_none_dies_alone()
    {
        var garbage = new Delivery("garbage") { Queue = "firehose.events", Key = "x", Body = new byte[] { 1, 2, 3 } };

        var outcomes = await _harness.HandleAsync(garbage, _anna.Commit(TestRepo.Post("p")));

        Assert.StartsWith("BDY001", Assert.IsType<Outcome.DeadOutcome>(outcomes[0]).Reason, StringComparison.Ordinal);
        Assert.Equal(["1"], _harness.Query("SELECT count(*) FROM posts"));
    }

    public async ValueTask InitializeAsync() => _harness = await WriterHarness.CreateAsync(databases);

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static Delivery Copy(Delivery delivery, string id, string? requeuedFrom = null) =>
        new(id) { Queue = delivery.Queue, Key = delivery.Key, Body = delivery.Body, RequeuedFrom = requeuedFrom };
}

public sealed class Scenario09BadRecordsTestsOnSqlite() : Scenario09BadRecordsTests(TestDatabases.Sqlite);

public sealed class Scenario09BadRecordsTestsOnPostgres(PostgresFixture postgres) : Scenario09BadRecordsTests(postgres);
