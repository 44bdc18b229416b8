using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Writing;
using Firehose.Storage.Postgres;
using Millrace.Storage;
using Npgsql;

namespace Apps.Tests.Firehose.Storage;

/// <summary>Databases that cannot be the firehose's are refused with a reason, and left as they are.</summary>
public sealed class PostgresSchemaTests(PostgresFixture postgres)
{
    /// <summary>The types that the writer sends, where they are not two lists of texts.</summary>
    private static readonly Dictionary<string, string> Types = new()
    {
        ["insert_likes"] = "text[], text[], text[], text[], text[], timestamptz[], text[], boolean[]",
        ["insert_reposts"] = "text[], text[], text[], text[], text[], timestamptz[], text[], timestamptz[], boolean[]",
        ["insert_follows"] = "text[], text[], text[], text[], timestamptz[], text[], boolean[]",
        ["save_profiles"] = "text[], text[], text[], text[], text[], text[], text[], text[], text[]",
        ["save_repos"] = "text[], text[], text[], text[], text[], bigint[], timestamptz[], bigint[], timestamptz[], xid[]",
        ["read_repos"] = "text[]",
        ["select_tombstones"] = "text[]",
    };

    [Fact]
    public async Task A_database_opens_again_with_all_it_had()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (var store = database.Open(TimeProvider.System)) await store.Cursors.SaveAsync("relay", 42, TestContext.Current.CancellationToken);
        await using var again = database.Open(TimeProvider.System);

        Assert.Equal(42, await again.Cursors.ReadAsync("relay", TestContext.Current.CancellationToken));
        Assert.Null(await again.Cursors.ReadAsync("another", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Many_processes_may_open_a_new_database_at_once()
    {
        var database = await postgres.CreateDatabaseAsync();

        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => database.Open(TimeProvider.System))));

        foreach (var store in stores)
        {
            Assert.Null(await store.CheckAsync(TestContext.Current.CancellationToken));
            await store.DisposeAsync();
        }
        Assert.Equal(["1"], database.Query("SELECT count(*) FROM firehose_schema_versions"));
    }

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (database.Open(TimeProvider.System))
            await database.ExecuteAsync("INSERT INTO firehose_schema_versions (scriptname, applied) VALUES ('Firehose.Storage.Postgres.Migrations.9999_future.sql', now())");

        Assert.Equal("MIG001", Assert.Throws<StoreException>(() => database.Open(TimeProvider.System)).Code);
    }

    [Fact]
    public async Task Another_programs_table_of_the_same_name_is_refused_and_one_of_another_name_is_not()
    {
        var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE users (id integer); CREATE TABLE invoices (id integer)");
        var refusal = Assert.Throws<StoreException>(() => database.Open(TimeProvider.System));
        Assert.Equal("MIG003", refusal.Code);
        Assert.Contains("(users)", refusal.Message, StringComparison.Ordinal);

        await database.ExecuteAsync("DROP TABLE users");
        await using var store = database.Open(TimeProvider.System);

        Assert.Null(await store.CheckAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_that_cannot_hold_every_text_is_refused()
    {
        var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE DATABASE {database.Name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");

        Assert.Equal("DB015", Assert.Throws<StoreException>(() => new PostgresDatabase(database.Server, $"{database.Name}_latin").Open(TimeProvider.System)).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    [InlineData(2_004)]
    public async Task Plans_reach_tables_by_key_however_small_they_are_when_plans_are_made(int events)
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (var harness = new WriterHarness(database)) await harness.ReplayAsync(WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames")).Take(events));
        if (events > 0) await database.ExecuteAsync("ANALYZE");

        await using var connection = new NpgsqlConnection(database.Server.ConnectionStringTo(database.Name));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var session = new NpgsqlCommand(PostgresSql.Text("open_session"), connection);
        await session.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        foreach (var name in (string[])[.. Types.Keys, "delete_posts", "delete_likes", "delete_feed_items", "insert_repost_feed_items", "recount_reposts", "purge_follows"])
        {
            var plan = await ExplainAsync(connection, name);
            // Each scan has a condition on its key: the line behind its own says so.
            var whole = plan.Where((line, i) => line.Contains("Seq Scan", StringComparison.Ordinal)
                || (line.Contains("Scan using", StringComparison.Ordinal) && !plan[i + 1].Contains("Index Cond", StringComparison.Ordinal)));
            Assert.False(whole.Any(), $"{name}:\n{string.Join('\n', plan)}");
        }
    }

    private static async Task<List<string>> ExplainAsync(NpgsqlConnection connection, string name)
    {
        // Nothing is written: EXPLAIN alone plans.
        var types = Types.GetValueOrDefault(name, "text[], text[]");
        await using var prepare = new NpgsqlCommand($"DEALLOCATE ALL; PREPARE plan ({types}) AS {PostgresSql.Text(name)}", connection);
        await prepare.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var explain = new NpgsqlCommand($"EXPLAIN EXECUTE plan ({string.Join(", ", types.Split(", ").Select(type => $"'{{}}'::{type}"))})", connection);
        await using var rows = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var plan = new List<string>();
        while (await rows.ReadAsync(TestContext.Current.CancellationToken)) plan.Add(rows.GetString(0));
        return plan;
    }
}
