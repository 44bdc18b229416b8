using System.Text.Json;
using Microsoft.Data.Sqlite;
using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>What happens while the file cannot be written, and after.</summary>
public sealed class SqliteTroubleTests : IAsyncDisposable
{
    private readonly TempStore _temp = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _temp.DisposeAsync();

    [Fact]
    public async Task A_full_disk_refuses_new_jobs_keeps_old_ones_and_recovers_by_itself()
    {
        var store = await _temp.OpenAsync();
        await store.PragmaAsync("max_page_count = 200");
        var big = TempStore.Job(new string('x', 20_000));
        List<string> accepted = [];
        StoreException? refused = null;
        while (refused is null)
        {
            try
            {
                accepted.Add((await store.EnqueueAsync([big], Stop))[0].Id);
            }
            catch (StoreException error)
            {
                refused = error;
            }
        }

        Assert.Equal("DB006", refused.Code);
        Assert.NotEmpty(accepted);
        Assert.Equal(accepted.Count, (await store.CountAsync("q", Stop)).Waiting);

        await store.PragmaAsync("max_page_count = 100000");
        await store.EnqueueAsync([big], Stop);
        Assert.Null(await store.CheckAsync(Stop));
        Assert.Equal("ok", _temp.Execute("PRAGMA integrity_check"));
    }

    [Fact]
    public async Task On_a_full_disk_work_goes_on_that_frees_space()
    {
        var store = await _temp.OpenAsync(options => options.Retention = new() { MaxCount = 0 });
        var big = TempStore.Job(new string('x', 20_000));
        await store.EnqueueAsync([.. Enumerable.Repeat(big, 20)], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        var claimed = await source.FetchAsync(new(20), Stop);
        await store.PragmaAsync("max_page_count = 1");

        // Handed over together, they share a commit or not: the one that frees space goes through either way.
        var settling = source.SettleAsync([.. claimed.Select(delivery => new Settlements.Settlement(delivery, Outcome.Completed))], Stop);
        var publishing = store.EnqueueAsync([.. Enumerable.Repeat(big, 100)], Stop);
        Assert.Empty(await settling);
        Assert.Equal("DB006", (await Assert.ThrowsAsync<StoreException>(async () => await publishing)).Code);
        Assert.Equal(0, _temp.Count("jobs"));
    }

    [Fact]
    public async Task A_lock_of_another_process_is_waited_for_and_then_named()
    {
        var store = await _temp.OpenAsync(options => options.BusyTimeout = TimeSpan.FromMilliseconds(50));
        await using (var other = new SqliteConnection($"Data Source={_temp.Path};Pooling=False"))
        {
            await other.OpenAsync(Stop);
            await using var transaction = other.BeginTransaction(deferred: false);
            Assert.Equal("DB004", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempStore.Job("a")], Stop))).Code);
            Assert.StartsWith("DB004", await store.CheckAsync(Stop), StringComparison.Ordinal);
        }

        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        Assert.Null(await store.CheckAsync(Stop));
    }

    [Fact]
    public async Task A_file_that_turns_read_only_is_named_and_works_again_after()
    {
        var store = await _temp.OpenAsync();
        await store.PragmaAsync("query_only = 1");
        Assert.Equal("DB007", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempStore.Job("a")], Stop))).Code);
        // The connection was suspect and another took its place.
        await store.EnqueueAsync([TempStore.Job("b")], Stop);
        Assert.Equal(1, (await store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_fails_the_fetch_again_until_it_can()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempStore.Job("a"), TempStore.Job("b")], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        _temp.Execute("UPDATE jobs SET headers = CAST('[' AS BLOB) WHERE id = 1");
        for (var i = 0; i < 2; i++) await Assert.ThrowsAnyAsync<JsonException>(async () => await source.FetchAsync(new(10), Stop));
        _temp.Execute("UPDATE jobs SET headers = NULL");
        Assert.Equal(["1", "2"], (await source.FetchAsync(new(10), Stop)).Select(delivery => delivery.Id));
    }

    [Fact]
    public async Task A_file_that_was_removed_is_reported_by_the_check()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempStore.Job("a")], Stop);
        File.Move(_temp.Path, _temp.Path + ".away");
        Assert.StartsWith("DB001", await store.CheckAsync(Stop), StringComparison.Ordinal);
        File.Move(_temp.Path + ".away", _temp.Path);
        Assert.Null(await store.CheckAsync(Stop));
    }

    [Fact]
    public async Task Operations_handed_over_before_the_end_are_finished_and_later_ones_refused()
    {
        var store = await _temp.OpenAsync();
        var calls = Enumerable.Range(0, 100).Select(i => store.EnqueueAsync([TempStore.Job($"{i}")], Stop).AsTask()).ToList();
        await store.DisposeAsync();
        await Task.WhenAll(calls);
        Assert.Equal(100, _temp.Count("jobs"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.EnqueueAsync([TempStore.Job("late")], Stop));
    }

    [Fact]
    public async Task A_cancelled_publish_is_stored_or_not_as_it_says()
    {
        var store = await _temp.OpenAsync();
        var stored = 0;
        for (var i = 0; i < 200; i++)
        {
            using var stopping = new CancellationTokenSource();
            var call = store.EnqueueAsync([TempStore.Job($"{i}")], stopping.Token).AsTask();
            if (i % 3 == 0) await Task.Yield();
            await stopping.CancelAsync();
            try
            {
                await call;
                stored++;
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(stored, _temp.Count("jobs"));
    }
}
