using Millrace.Handling;
using Millrace.Postgres;
using Millrace.Storage;
using Npgsql;
using Servers;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Effect and record in one transaction of the handler's own database.</summary>
public sealed class PostgresInboxTests : IAsyncLifetime
{
    private PostgresServer _server = null!;
    private NpgsqlDataSource _own = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServers.GetAsync();
        _own = NpgsqlDataSource.Create(_server.ConnectionStringTo(await _server.CreateDatabaseAsync(Stop)));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var connection = await _own.OpenConnectionAsync(Stop);
            await PostgresInbox.EnsureCreatedAsync(connection, Stop);
        }));
        await ExecuteAsync("CREATE TABLE effects (delivery text)");
    }

    public ValueTask DisposeAsync() => _own.DisposeAsync();

    [Fact]
    public async Task An_effect_happens_once_however_often_it_is_delivered()
    {
        var inbox = new PostgresInbox(_own);
        Assert.False(await inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.True(await HandleAsync("worker", "1", commit: true));
        Assert.False(await HandleAsync("worker", "1", commit: true));
        Assert.True(await inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.Equal(1L, await EffectsAsync());
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_leaves_neither_effect_nor_record()
    {
        Assert.True(await HandleAsync("worker", "1", commit: false));
        Assert.False(await new PostgresInbox(_own).ContainsAsync("worker", Delivery("1"), Stop));
        Assert.Equal(0L, await EffectsAsync());
        Assert.True(await HandleAsync("worker", "1", commit: true));
    }

    [Fact]
    public async Task Of_several_at_once_one_has_the_effect()
    {
        var handled = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => HandleAsync("worker", "1", commit: true), Stop)));
        Assert.Single(handled, first => first);
        Assert.Equal(1L, await EffectsAsync());
    }

    [Fact]
    public async Task Workers_and_queues_are_told_apart()
    {
        Assert.True(await HandleAsync("one", "1", commit: true));
        Assert.True(await HandleAsync("two", "1", commit: true));
        Assert.True(await HandleAsync("one", "1", commit: true, queue: "other"));
        Assert.True(await HandleAsync("one", "1\0", commit: true));
        Assert.Equal(4L, await EffectsAsync());
    }

    [Fact]
    public async Task Old_records_are_forgotten_and_young_ones_kept()
    {
        var inbox = new PostgresInbox(_own);
        await ExecuteAsync("INSERT INTO millrace_inbox (worker, queue, delivery, at) SELECT 'worker', 'q', n::text, now() - CASE WHEN n < 2400 THEN interval '1 hour' ELSE '0' END FROM generate_series(0, 2499) n");
        Assert.Equal(2_400, await inbox.PruneAsync(TimeSpan.FromMinutes(30), Stop));
        Assert.False(await inbox.ContainsAsync("worker", Delivery("0"), Stop));
        Assert.True(await inbox.ContainsAsync("worker", Delivery("2450"), Stop));
    }

    [Fact]
    public async Task A_missing_database_is_named()
    {
        await using var none = NpgsqlDataSource.Create(_server.ConnectionStringTo("no_such_database"));
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await new PostgresInbox(none).ContainsAsync("worker", Delivery("1"), Stop))).Code);
    }

    private async Task<bool> HandleAsync(string worker, string id, bool commit, string queue = "q")
    {
        await using var connection = await _own.OpenConnectionAsync(Stop);
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var first = await PostgresInbox.TryRecordAsync(transaction, new HandlerContext(Delivery(id, queue), worker), Stop);
        if (first)
        {
            await using var effect = new NpgsqlCommand("INSERT INTO effects VALUES ('done')", connection, transaction);
            await effect.ExecuteNonQueryAsync(Stop);
        }

        if (commit) await transaction.CommitAsync(Stop);
        return first;
    }

    private static Delivery Delivery(string id, string queue = "q") => new(id) { Queue = queue };

    private Task<object?> EffectsAsync() => ExecuteAsync("SELECT count(*) FROM effects");

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var command = _own.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }
}
