using Microsoft.Extensions.Time.Testing;
using Millrace.Postgres;
using Millrace.Storage;
using Npgsql;
using Servers;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Jobs that are accepted exactly when the caller's own transaction commits.</summary>
public sealed class PostgresOutboxTests : IAsyncLifetime
{
    private TempSchema _temp = null!;
    private NpgsqlDataSource _own = null!;
    private PostgresStore _store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        PostgresServer server = await PostgresServers.GetAsync();
        _temp = new TempSchema(server);
        _store = await _temp.OpenAsync();
        _own = NpgsqlDataSource.Create(server.ConnectionStringTo(await server.CreateDatabaseAsync(Stop)));
        await using var connection = await _own.OpenConnectionAsync(Stop);
        await PostgresOutbox.EnsureCreatedAsync(connection, Stop);
        await PostgresOutbox.EnsureCreatedAsync(connection, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _own.DisposeAsync();
        await _temp.DisposeAsync();
    }

    [Fact]
    public async Task Jobs_are_published_in_order_once_their_transaction_commits()
    {
        var outbox = new PostgresOutbox(_own, _store);
        await using (var connection = await _own.OpenConnectionAsync(Stop))
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await PostgresOutbox.AddAsync(transaction, Enumerable.Range(0, 1_200).Select(i => TempSchema.Job($"{i}")).ToList(), Stop);
            Assert.Equal(0, await outbox.DrainAsync(Stop));
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(1_200, await outbox.DrainAsync(Stop));
        Assert.Equal(0, await outbox.DrainAsync(Stop));
        await using var source = _store.OpenSource(new() { Queue = "q" });
        Assert.Equal(Enumerable.Range(0, 1_200).Select(i => $"{i}"), (await source.FetchAsync(new(2_000), Stop)).Select(TempSchema.Text));
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_publishes_nothing()
    {
        await using (var connection = await _own.OpenConnectionAsync(Stop))
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
            await PostgresOutbox.AddAsync(transaction, [TempSchema.Job("a")], Stop);
        Assert.Equal(0, await new PostgresOutbox(_own, _store).DrainAsync(Stop));
    }

    [Fact]
    public async Task One_that_commits_later_with_a_lower_number_is_not_lost()
    {
        var outbox = new PostgresOutbox(_own, _store);
        await using var connection = await _own.OpenConnectionAsync(Stop);
        await using var slow = await connection.BeginTransactionAsync(Stop);
        await PostgresOutbox.AddAsync(slow, [TempSchema.Job("slow")], Stop);
        await AddAsync(TempSchema.Job("quick"));
        Assert.Equal(1, await outbox.DrainAsync(Stop));
        await slow.CommitAsync(Stop);
        Assert.Equal(1, await outbox.DrainAsync(Stop));
        Assert.Equal(2, (await _store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task A_relay_that_died_before_it_deleted_publishes_nothing_twice()
    {
        await AddAsync(TempSchema.Job("a"), TempSchema.Job("b") with { DeduplicationId = "own" });
        var outbox = new PostgresOutbox(_own, _store);
        await ExecuteAsync("CREATE TABLE kept AS SELECT * FROM millrace_outbox");
        Assert.Equal(2, await outbox.DrainAsync(Stop));
        await ExecuteAsync("INSERT INTO millrace_outbox OVERRIDING SYSTEM VALUE SELECT * FROM kept");
        Assert.Equal(2, await outbox.DrainAsync(Stop));
        Assert.Equal(2, (await _store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task Everything_about_a_job_survives_the_outbox()
    {
        await AddAsync(new NewJob
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
        await new PostgresOutbox(_own, _store).DrainAsync(Stop);
        await using var source = _store.OpenSource(new() { Queue = "q" });
        var delivery = Assert.Single(await source.FetchAsync(new(1), Stop));
        Assert.Equal(("k\0", "key", "t", "12"), (delivery.Kind, delivery.Key, delivery.Tenant, delivery.RequeuedFrom));
        Assert.Equal([0, 1, 2], delivery.Body.ToArray());
        Assert.Equal(["1", "ü"], delivery.Headers.Select(header => header.Value));
    }

    [Fact]
    public async Task A_delay_runs_from_the_callers_transaction()
    {
        await AddAsync(TempSchema.Job("a") with { Delay = TimeSpan.FromHours(1) });
        await ExecuteAsync("UPDATE millrace_outbox SET run_at = run_at - interval '1 hour'");
        await new PostgresOutbox(_own, _store).DrainAsync(Stop);
        Assert.Equal(1, (await _store.CountAsync("q", Stop)).Waiting);
    }

    [Fact]
    public async Task A_job_that_no_store_takes_is_refused_before_it_is_in_the_way()
    {
        await using var connection = await _own.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await Assert.ThrowsAsync<ArgumentException>(() => PostgresOutbox.AddAsync(transaction, [TempSchema.Job("a"), TempSchema.Job("b") with { Queue = "NOT A NAME" }], Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => PostgresOutbox.AddAsync(transaction, [TempSchema.Job("a") with { RunAt = DateTimeOffset.MaxValue }], Stop));
        await transaction.CommitAsync(Stop);
        Assert.Equal(0L, await ExecuteAsync("SELECT count(*) FROM millrace_outbox"));
    }

    [Fact]
    public async Task A_relay_goes_on_after_its_database_could_not_be_used()
    {
        var time = new FakeTimeProvider();
        var outbox = new PostgresOutbox(_own, _store, time);
        await AddAsync(TempSchema.Job("a"));
        await ExecuteAsync("ALTER TABLE millrace_outbox RENAME TO hidden");
        var failed = new TaskCompletionSource();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var relay = outbox.RunAsync(TimeSpan.FromSeconds(1), _ => failed.TrySetResult(), stopping.Token);
        await failed.Task.WaitAsync(Stop);
        await ExecuteAsync("ALTER TABLE hidden RENAME TO millrace_outbox");

        await using var source = _store.OpenSource(new() { Queue = "q" });
        var fetch = source.FetchAsync(new(1), Stop).AsTask();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a", TempSchema.Text(Assert.Single(await fetch)));
        await stopping.CancelAsync();
        await relay;
    }

    private async Task AddAsync(params NewJob[] jobs)
    {
        await using var connection = await _own.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        await PostgresOutbox.AddAsync(transaction, jobs, Stop);
        await transaction.CommitAsync(Stop);
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var command = _own.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
