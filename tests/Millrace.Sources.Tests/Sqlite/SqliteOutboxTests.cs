using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>Jobs that are accepted exactly when the caller's own transaction commits.</summary>
public sealed class SqliteOutboxTests : IAsyncDisposable
{
    private readonly TempStore _temp = new();
    private readonly SqliteConnection _own;

    public SqliteOutboxTests()
    {
        _own = new SqliteConnection($"Data Source={OwnPath};Pooling=False");
        _own.Open();
        SqliteOutbox.EnsureCreated(_own);
        SqliteOutbox.EnsureCreated(_own);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string OwnPath => Path.Combine(_temp.Folder, "own.db");

    public async ValueTask DisposeAsync()
    {
        await _own.DisposeAsync();
        SqliteConnection.ClearAllPools();
        await _temp.DisposeAsync();
    }

    [Fact]
    public async Task Jobs_are_published_in_order_once_their_transaction_commits()
    {
        var store = await _temp.OpenAsync();
        var outbox = new SqliteOutbox(OwnPath, store);
        using (var transaction = _own.BeginTransaction())
        {
            SqliteOutbox.Add(transaction, Enumerable.Range(0, 1_200).Select(i => TempStore.Job($"{i}")).ToList());
            Assert.Equal(0, await outbox.DrainAsync(Stop));
            transaction.Commit();
        }

        Assert.Equal(1_200, await outbox.DrainAsync(Stop));
        Assert.Equal(0, await outbox.DrainAsync(Stop));
        await using var source = store.OpenSource(new() { Queue = "q" });
        Assert.Equal(Enumerable.Range(0, 1_200).Select(i => $"{i}"), (await source.FetchAsync(new(2_000), Stop)).Select(TempStore.Text));
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_publishes_nothing()
    {
        var store = await _temp.OpenAsync();
        using (var transaction = _own.BeginTransaction())
            SqliteOutbox.Add(transaction, TempStore.Job("a"));
        Assert.Equal(0, await new SqliteOutbox(OwnPath, store).DrainAsync(Stop));
    }

    [Fact]
    public async Task A_relay_that_died_before_it_deleted_publishes_nothing_twice()
    {
        var store = await _temp.OpenAsync();
        Add(TempStore.Job("a"), TempStore.Job("b") with { DeduplicationId = "own" });
        var outbox = new SqliteOutbox(OwnPath, store);
        Execute("CREATE TEMP TABLE kept AS SELECT * FROM millrace_outbox");
        Assert.Equal(2, await outbox.DrainAsync(Stop));
        Execute("INSERT INTO millrace_outbox SELECT * FROM kept");
        Assert.Equal(2, await outbox.DrainAsync(Stop));
        Assert.Equal(2, (await store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task Everything_about_a_job_survives_the_outbox()
    {
        var store = await _temp.OpenAsync();
        Add(new NewJob
        {
            Queue = "q",
            Kind = "k\0",
            Body = new byte[] { 0, 1, 2 },
            Key = "key",
            Tenant = "t",
            Priority = 7,
            RequeuedFrom = "12",
            Headers = new([new("x", "1"), new("x", "ü")]),
        });
        await new SqliteOutbox(OwnPath, store).DrainAsync(Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        var delivery = Assert.Single(await source.FetchAsync(new(1), Stop));
        Assert.Equal(("k\0", "key", "t", "12"), (delivery.Kind, delivery.Key, delivery.Tenant, delivery.RequeuedFrom));
        Assert.Equal([0, 1, 2], delivery.Body.ToArray());
        Assert.Equal(["1", "ü"], delivery.Headers.Select(header => header.Value));
    }

    [Fact]
    public async Task A_delay_runs_from_the_callers_transaction()
    {
        var store = await _temp.OpenAsync();
        Add(TempStore.Job("a") with { Delay = TimeSpan.FromHours(1) });
        Execute("UPDATE millrace_outbox SET run_at = run_at - 3600000");
        await new SqliteOutbox(OwnPath, store).DrainAsync(Stop);
        Assert.Equal(1, (await store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public void A_job_that_no_store_takes_is_refused_before_it_is_in_the_way()
    {
        using var transaction = _own.BeginTransaction();
        Assert.Throws<ArgumentException>(() => SqliteOutbox.Add(transaction, TempStore.Job("a"), TempStore.Job("b") with { Queue = "NOT A NAME" }));
        Assert.Throws<ArgumentException>(() => SqliteOutbox.Add(transaction, TempStore.Job("a") with { RunAt = DateTimeOffset.MaxValue }));
        Assert.Equal(0L, Execute("SELECT count(*) FROM millrace_outbox"));
    }

    [Fact]
    public async Task A_relay_goes_on_after_its_database_could_not_be_used()
    {
        var time = new FakeTimeProvider();
        var store = await _temp.OpenAsync();
        var outbox = new SqliteOutbox(OwnPath, store, time);
        Add(TempStore.Job("a"));
        Execute("ALTER TABLE millrace_outbox RENAME TO hidden");
        var failed = new TaskCompletionSource();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var relay = outbox.RunAsync(TimeSpan.FromSeconds(1), _ => failed.TrySetResult(), stopping.Token);
        await failed.Task.WaitAsync(Stop);
        Execute("ALTER TABLE hidden RENAME TO millrace_outbox");

        await using var source = store.OpenSource(new() { Queue = "q" });
        var fetch = source.FetchAsync(new(1), Stop).AsTask();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a", TempStore.Text(Assert.Single(await fetch)));
        await stopping.CancelAsync();
        await relay;
    }

    private void Add(params NewJob[] jobs)
    {
        using var transaction = _own.BeginTransaction();
        SqliteOutbox.Add(transaction, jobs);
        transaction.Commit();
    }

    private object? Execute(string sql)
    {
        using var command = _own.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
