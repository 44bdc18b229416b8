using System.Text;
using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>The path of a job through the file, and what other processes see of it.</summary>
public sealed class SqlitePathTests : IAsyncDisposable
{
    private readonly TempStore _temp = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _temp.DisposeAsync();

    [Fact]
    public async Task A_job_is_stored_claimed_and_completed()
    {
        var store = await _temp.OpenAsync();
        var accepted = Assert.Single(await store.EnqueueAsync([TempStore.Job("a") with { Kind = "k", Tenant = "t", Headers = new([new("x", "1"), new("x", "2")]) }], Stop));
        await using var source = store.OpenSource(new() { Queue = "q" });

        var delivery = Assert.Single(await source.FetchAsync(new(10), Stop));
        Assert.Equal((accepted.Id, "a", "k", "t", 1, 1L), (delivery.Id, TempStore.Text(delivery), delivery.Kind, delivery.Tenant, delivery.Attempt, delivery.Token));
        Assert.Equal(["1", "2"], delivery.Headers.Select(header => header.Value));
        Assert.Equal(JobState.Leased, (await store.FindAsync(accepted.Id, Stop))!.State);

        Assert.Empty(await source.SettleAsync([new(delivery, Outcome.Completed)], Stop));
        Assert.Equal(0, _temp.Count("jobs"));
        Assert.Equal(JobState.Succeeded, (await store.FindAsync(accepted.Id, Stop))!.State);
    }

    [Fact]
    public async Task A_waiting_fetch_is_woken_by_a_publish_without_polling()
    {
        var store = await _temp.OpenAsync(options => options.PollInterval = TimeSpan.FromMinutes(1));
        await using var source = store.OpenSource(new() { Queue = "q" });
        var fetch = source.FetchAsync(new(1), Stop).AsTask();
        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        Assert.Equal("a", TempStore.Text(Assert.Single(await fetch)));
    }

    [Fact]
    public async Task Two_stores_on_one_file_share_the_work()
    {
        var here = await _temp.OpenAsync();
        var there = await _temp.OpenAsync();
        await using var first = here.OpenSource(new() { Queue = "q" });
        await using var second = there.OpenSource(new() { Queue = "q" });
        var fetch = second.FetchAsync(new(1), Stop).AsTask();
        await here.EnqueueAsync([TempStore.Job("a"), TempStore.Job("b")], Stop);

        var taken = Assert.Single(await fetch);
        var other = Assert.Single(await first.FetchAsync(new(10), Stop));
        Assert.Equal(["a", "b"], new[] { TempStore.Text(taken), TempStore.Text(other) }.Order());
    }

    [Fact]
    public async Task A_refused_job_leaves_the_others_of_its_commit_alone()
    {
        var store = await _temp.OpenAsync();
        var farAway = TempStore.Job("far") with { RunAt = DateTimeOffset.MaxValue };
        var calls = Enumerable.Range(0, 50)
            .Select(i => store.EnqueueAsync([i == 25 ? farAway : TempStore.Job($"{i}")], Stop).AsTask())
            .ToList();

        await Assert.ThrowsAsync<ArgumentException>(() => calls[25]);
        calls.RemoveAt(25);
        await Task.WhenAll(calls);
        Assert.Equal(49, _temp.Count("jobs"));
    }

    [Fact]
    public async Task Concurrent_publishers_share_commits()
    {
        var store = await _temp.OpenAsync();
        var before = store.Commits;
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => store.EnqueueAsync([TempStore.Job($"{i}")], Stop).AsTask()));
        Assert.InRange(store.Commits - before, 1, 100);
        Assert.Equal(400, _temp.Count("jobs"));
    }

    [Fact]
    public async Task A_fetch_cancelled_while_waiting_takes_nothing()
    {
        var store = await _temp.OpenAsync();
        await using var source = store.OpenSource(new() { Queue = "q" });
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var fetch = source.FetchAsync(new(1), stopping.Token).AsTask();
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        Assert.Equal(1, (await store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task Bytes_limit_a_fetch()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([.. Enumerable.Range(0, 5).Select(_ => TempStore.Job(new string('x', 100)))], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        Assert.Equal(2, (await source.FetchAsync(new(10, 150), Stop)).Count);
        Assert.Single(await source.FetchAsync(new(10, 1), Stop));
    }

    [Fact]
    public async Task Text_with_zero_bytes_and_an_empty_body_survive()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([new() { Queue = "q", Key = "a\0b", Kind = "\0", Headers = new([new("h\0", "ü\0")]) }], Stop);
        await using var source = store.OpenSource(new() { Queue = "q", Order = Order.PerKey });
        var delivery = Assert.Single(await source.FetchAsync(new(1), Stop));
        Assert.Equal(("a\0b", "\0", "ü\0", 0), (delivery.Key, delivery.Kind, delivery.Headers.Get("h\0"), delivery.Body.Length));
        await source.SettleAsync([new(delivery, Outcome.Dead("no\0use"))], Stop);
        var dead = Assert.Single(await store.ListDeadLettersAsync(new() { Key = "a\0b" }, Stop).ToListAsync(Stop));
        Assert.Equal(("a\0b", "no\0use"), (dead.Key, dead.Reason));
    }

    [Fact]
    public async Task A_body_of_one_mebibyte_survives()
    {
        var store = await _temp.OpenAsync();
        var body = Encoding.UTF8.GetBytes(new string('x', 1024 * 1024));
        await store.EnqueueAsync([TempStore.Job("") with { Body = body }], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        Assert.True(Assert.Single(await source.FetchAsync(new(1), Stop)).Body.Span.SequenceEqual(body));
    }
}
