using Apps.Tests.Firehose.Databases;
using Servers;

namespace Apps.Tests.Worker;

/// <summary>Scenario 11, with a server: a start with a DATABASE_URL that leads to nothing that can be used.</summary>
public sealed class Scenario11WrongDatabaseTests(PostgresFixture postgres) : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("postgresql://ada:secret-word@127.0.0.1:{free}/{database}", "DB001")]
    [InlineData("postgresql://postgres:secret-word@127.0.0.1:{port}/nowhere", "DB001")]
    [InlineData("postgresql://nobody:secret-word@127.0.0.1:{port}/{database}", "DB010")]
    [InlineData("postgresql://postgres:secret-word@127.0.0.1:{port}/{database}?sslmode=require", "DB011")]
    [InlineData("postgresql://postgres:secret-word@127.0.0.1:{port}/{database}?options=-csearch_path%3Dmissing", "DB015")]
    [InlineData("postgresql://postgres:secret-word@127.0.0.1:{free}99/{database}", "CFG012")]
    [InlineData("host=127.0.0.1 port={port} dbname={database} user=postgres password=secret-word sslmode=perhaps", "CFG012")]
    public async Task Is_one_clear_line_with_the_variables_name(string url, string code)
    {
        var database = await postgres.CreateDatabaseAsync();
        var value = url.Replace("{port}", $"{database.Server.Port}", StringComparison.Ordinal)
            .Replace("{free}", $"{FreePort.Find()}", StringComparison.Ordinal).Replace("{database}", database.Name, StringComparison.Ordinal);

        await IsRefusedAsync(value, code);
    }

    [Fact]
    public async Task A_schema_newer_than_the_program_is_refused()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using (database.Open(TimeProvider.System))
            await database.ExecuteAsync("INSERT INTO firehose_schema_versions (scriptname, applied) VALUES ('Firehose.Storage.Postgres.Migrations.9999_future.sql', now())");

        await IsRefusedAsync(database.Url, "MIG001");
    }

    private async Task IsRefusedAsync(string url, string code)
    {
        var (exit, output, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", ("DATABASE_URL", url), ("RELAY_URL", "ws://127.0.0.1:9"), ("LOG_LEVEL", "none"));

        Assert.Equal(78, exit);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"{code} DATABASE_URL", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", line, StringComparison.Ordinal);
        Assert.Equal("", output);
    }
}
