using Npgsql;
using Servers;

namespace Millrace.Sources.Tests.Servers;

/// <summary>What tests may rely on when they ask for a PostgreSQL.</summary>
public sealed class PostgresServerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [FullLaneFact]
    public async Task Killed_and_started_again_it_has_its_data()
    {
        await using var postgres = await PostgresServer.StartNewAsync(Stop);
        var database = await postgres.CreateDatabaseAsync(Stop);
        await postgres.ExecuteAsync(database, "CREATE TABLE t AS SELECT 1 AS a", Stop);
        for (var i = 0; i < 3; i++)
        {
            await postgres.KillAsync();
            await postgres.StartAsync(Stop);
        }

        Assert.Equal(1, await postgres.ScalarAsync(database, "SELECT a FROM t", Stop));
        await postgres.StopAsync();
        await postgres.StartAsync(Stop);
        Assert.Equal(1, await postgres.ScalarAsync(database, "SELECT a FROM t", Stop));
    }

    [FullLaneFact]
    public async Task Frozen_it_does_not_answer_on_open_connections_either()
    {
        await using var postgres = await PostgresServer.StartNewAsync(Stop);
        await using var connection = new NpgsqlConnection($"{postgres.ConnectionString};Pooling=false");
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        postgres.Freeze();
        var reply = command.ExecuteScalarAsync(Stop);
        Assert.False(reply.IsCompleted);
        postgres.Thaw();
        Assert.Equal(1, await reply);
    }

    [FullLaneFact]
    public async Task With_a_login_and_TLS_only_those_who_have_the_password_come_in_and_only_encrypted()
    {
        await using var postgres = new PostgresServer { Login = new("app", "it's: a/pass@word"), Tls = true };
        await postgres.StartAsync(Stop);
        var database = await postgres.CreateDatabaseAsync(Stop);
        var right = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = postgres.Port,
            Database = database,
            Username = "app",
            Password = "it's: a/pass@word",
            SslMode = SslMode.VerifyFull,
            RootCertificate = postgres.CertificateFile,
            Pooling = false,
        };
        Assert.Equal(true, await OpenAsync(right, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
        await OpenAsync(right, "CREATE TABLE t (a integer)");

        var wrong = new NpgsqlConnectionStringBuilder(right.ToString()) { Password = "guessed" };
        Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => OpenAsync(wrong, "SELECT 1"))).SqlState);
        var plain = new NpgsqlConnectionStringBuilder(right.ToString()) { SslMode = SslMode.Disable, RootCertificate = null };
        Assert.Equal("28000", (await Assert.ThrowsAsync<PostgresException>(() => OpenAsync(plain, "SELECT 1"))).SqlState);
    }

    [Fact]
    public async Task PostgreSQL_18_starts_beside_the_systems()
    {
        Assert.SkipWhen(Postgres18.Find() is null, Postgres18.Missing);
        await using var postgres = new PostgresServer(Postgres18.Find());
        await postgres.StartAsync(Stop);
        Assert.StartsWith("18.", (string)(await postgres.ScalarAsync("postgres", "SHOW server_version", Stop))!, StringComparison.Ordinal);
    }

    private static async Task<object?> OpenAsync(NpgsqlConnectionStringBuilder to, string sql)
    {
        await using var connection = new NpgsqlConnection(to.ToString());
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Stop);
    }
}
