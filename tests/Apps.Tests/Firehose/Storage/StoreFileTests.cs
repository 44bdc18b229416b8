using Firehose.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Millrace.Storage;

namespace Apps.Tests.Firehose.Storage;

/// <summary>Files that are no firehose database are refused with a reason, and left as they are.</summary>
public sealed class StoreFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("firehose-test-").FullName;

    private string Database => Path.Combine(_folder, "firehose.db");

    [Fact]
    public async Task A_database_opens_again_with_all_it_had()
    {
        await using (var store = Open()) await store.Cursors.SaveAsync("relay", 42, TestContext.Current.CancellationToken);
        await using var again = Open();

        Assert.Equal(42, await again.Cursors.ReadAsync("relay", TestContext.Current.CancellationToken));
        Assert.Null(await again.Cursors.ReadAsync("another", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        File.WriteAllText(Database, new string('x', 8192));

        Assert.Equal("DB002", Assert.Throws<StoreException>(Open).Code);
        Assert.Equal(8192, new FileInfo(Database).Length);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        Assert.Equal("DB001", Assert.Throws<StoreException>(() => SqliteFirehoseStore.Open(Path.Combine(_folder, "no", "firehose.db"), TimeProvider.System)).Code);

    [Fact]
    public async Task A_newer_schema_is_refused()
    {
        await using (Open())
        {
        }
        Execute("INSERT INTO schema_versions (ScriptName, Applied) VALUES ('Firehose.Storage.Migrations.9999_future.sql', '2099-01-01')");

        Assert.Equal("MIG001", Assert.Throws<StoreException>(Open).Code);
    }

    [Fact]
    public void Another_programs_tables_are_refused()
    {
        Execute("CREATE TABLE accounts (id INTEGER)");

        Assert.Equal("MIG003", Assert.Throws<StoreException>(Open).Code);
    }

    [Fact]
    public async Task Two_processes_may_open_a_new_file_at_once()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Open)));

        foreach (var store in stores)
        {
            Assert.Null(await store.CheckAsync(TestContext.Current.CancellationToken));
            await store.DisposeAsync();
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SqliteFirehoseStore Open() => SqliteFirehoseStore.Open(Database, TimeProvider.System);

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
