using Microsoft.Data.Sqlite;
using Millrace.Handling;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>Effect and record in one transaction of the handler's own database.</summary>
public sealed class SqliteInboxTests : IAsyncDisposable
{
    private readonly TempStore _temp = new();
    private readonly SqliteConnection _own;

    public SqliteInboxTests()
    {
        _own = new SqliteConnection($"Data Source={OwnPath};Pooling=False");
        _own.Open();
        SqliteInbox.EnsureCreated(_own);
        SqliteInbox.EnsureCreated(_own);
        using var command = _own.CreateCommand();
        command.CommandText = "CREATE TABLE effects (delivery TEXT)";
        command.ExecuteNonQuery();
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
    public async Task An_effect_happens_once_however_often_it_is_delivered()
    {
        var inbox = new SqliteInbox(OwnPath);
        Assert.False(await inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.True(Handle("worker", "1", commit: true));
        Assert.False(Handle("worker", "1", commit: true));
        Assert.True(await inbox.ContainsAsync("worker", Delivery("1"), Stop));
        Assert.Equal(1L, Effects());
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_leaves_neither_effect_nor_record()
    {
        Assert.True(Handle("worker", "1", commit: false));
        Assert.False(await new SqliteInbox(OwnPath).ContainsAsync("worker", Delivery("1"), Stop));
        Assert.Equal(0L, Effects());
        Assert.True(Handle("worker", "1", commit: true));
    }

    [Fact]
    public void Workers_and_queues_are_told_apart()
    {
        Assert.True(Handle("one", "1", commit: true));
        Assert.True(Handle("two", "1", commit: true));
        Assert.True(Handle("one", "1", commit: true, queue: "other"));
        Assert.Equal(3L, Effects());
    }

    [Fact]
    public async Task Old_records_are_forgotten_and_young_ones_kept()
    {
        var inbox = new SqliteInbox(OwnPath);
        for (var i = 0; i < 2_500; i++) Handle("worker", $"{i}", commit: true);
        Execute("UPDATE millrace_inbox SET at = at - 3600 WHERE CAST(delivery AS INTEGER) < 2400");
        Assert.Equal(2_400, await inbox.PruneAsync(TimeSpan.FromMinutes(30), Stop));
        Assert.False(await inbox.ContainsAsync("worker", Delivery("0"), Stop));
        Assert.True(await inbox.ContainsAsync("worker", Delivery("2450"), Stop));
    }

    [Fact]
    public async Task A_missing_database_is_named() =>
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () =>
            await new SqliteInbox(Path.Combine(_temp.Folder, "none.db")).ContainsAsync("worker", Delivery("1"), Stop))).Code);

    private bool Handle(string worker, string id, bool commit, string queue = "q")
    {
        using var transaction = _own.BeginTransaction();
        var first = SqliteInbox.TryRecord(transaction, new HandlerContext(Delivery(id, queue), worker));
        if (first)
        {
            using var effect = _own.CreateCommand();
            effect.CommandText = "INSERT INTO effects VALUES ($id)";
            effect.Parameters.AddWithValue("$id", id);
            effect.ExecuteNonQuery();
        }

        if (commit) transaction.Commit();
        return first;
    }

    private static Delivery Delivery(string id, string queue = "q") => new(id) { Queue = queue };

    private object? Effects() => Execute("SELECT count(*) FROM effects");

    private object? Execute(string sql)
    {
        using var command = _own.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
