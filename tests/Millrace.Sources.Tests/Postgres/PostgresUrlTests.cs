using Millrace.Postgres;
using Npgsql;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Addresses as people write them, and what is said about those that cannot be read.</summary>
public sealed class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://ann:s3cret@db.example:6432/jobs", "Host=db.example;Port=6432;Username=ann;Password=s3cret;Database=jobs")]
    [InlineData("postgresql://ann@db/jobs", "Host=db;Username=ann;Database=jobs")]
    [InlineData("POSTGRESQL://db", "Host=db")]
    [InlineData("  postgresql://db/\n", "Host=db")]
    [InlineData("postgresql://an%20n:p%40ss%3Aw%2Frd%25%3B%27@db/my%20jobs", "Host=db;Username=an n;Password=\"p@ss:w/rd%;'\";Database=my jobs")]
    [InlineData("postgresql://ann:p@ss:word@db/jobs", "Host=db;Username=ann;Password=p@ss:word;Database=jobs")]
    [InlineData("postgresql://ann:%E6%97%A5+%F0%9F%98%80@db/jobs", "Host=db;Username=ann;Password=\u65e5+\U0001f600;Database=jobs")]
    [InlineData("postgresql://[::1]:6432/jobs", "Host=::1;Port=6432;Database=jobs")]
    [InlineData("postgresql://[::1]/jobs", "Host=::1;Database=jobs")]
    [InlineData("postgresql://one:1,two:2/jobs?target_session_attrs=read-write", "Host=\"one:1,two:2\";Database=jobs;Target Session Attributes=read-write")]
    [InlineData("postgresql:///jobs?host=/var/run/postgresql&port=6432&user=ann&password=x", "Host=/var/run/postgresql;Port=6432;Username=ann;Password=x;Database=jobs")]
    [InlineData("postgresql://%2Fvar%2Frun%2Fpostgresql/jobs", "Host=/var/run/postgresql;Database=jobs")]
    [InlineData("postgresql://db/jobs?sslmode=verify-full&sslrootcert=/ca.pem&application_name=my%20app&connect_timeout=3&channel_binding=require",
        "Host=db;Database=jobs;SSL Mode=VerifyFull;Root Certificate=/ca.pem;Application Name=my app;Timeout=3;Channel Binding=Require")]
    [InlineData("postgresql://db/jobs?", "Host=db;Database=jobs")]
    [InlineData("Host=db;Username=ann;Password='a;b=c';Database=jobs", "Host=db;Username=ann;Password='a;b=c';Database=jobs")]
    public void An_address_is_read(string text, string meant)
    {
        Assert.True(PostgresUrl.TryRead(text, "DATABASE_URL", out var read, out var fault), fault);
        Assert.Null(fault);
        Assert.Equal(Sorted(meant), Sorted(read));
    }

    [Theory]
    [InlineData(null, "CFG008")]
    [InlineData("", "CFG008")]
    [InlineData("  ", "CFG008")]
    [InlineData("mysql://ann:s3cret@db/jobs", "CFG012")]
    [InlineData("db", "CFG012")]
    [InlineData("postgresql://", "CFG012")]
    [InlineData("postgresql://ann:s3cret@/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret@:5432/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret@db:port/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret@db:0/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret@db:70000/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3/cret@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3?cret@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:123?s3cret=1@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3%cret@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret%0@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret%00@db/jobs", "CFG012")]
    [InlineData("postgresql://ann:s3cret%FF@db/jobs", "CFG012")]
    [InlineData("postgresql://db/jobs?password=s3cret&pgbouncer=true", "CFG012")]
    [InlineData("postgresql://db/jobs?sslmode=s3cret", "CFG012")]
    [InlineData("postgresql://db/jobs?connect_timeout=s3cret", "CFG012")]
    [InlineData("postgresql://db/jobs?s3cret", "CFG012")]
    [InlineData("Username=ann;Password=s3cret", "CFG012")]
    [InlineData("Host=db;Pasword=s3cret", "CFG012")]
    [InlineData("Host=db;Password=a;s3cret=c", "CFG012")]
    [InlineData("Host=db;Password=\"s3cret", "CFG012")]
    [InlineData("Host=db;Port=s3cret", "CFG012")]
    public void A_fault_names_the_setting_and_no_part_of_the_address(string? text, string code)
    {
        Assert.False(PostgresUrl.TryRead(text, "DATABASE_URL", out var read, out var fault));
        Assert.Null(read);
        Assert.StartsWith($"{code} DATABASE_URL ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("s3", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("123", fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    [Fact]
    public void The_faulty_part_is_named()
    {
        (string Url, string Part)[] faults =
        [
            ("postgresql://a%zz@db", "user"), ("postgresql://a:%zz@db", "password"), ("postgresql://a@db:x", "port"), ("postgresql://a@,b", "host"),
            ("postgresql://a@db/%zz", "database name"), ("postgresql://db?sslmode=on", "sslmode"), ("postgresql://db?x=1", "parameter"),
        ];
        foreach (var (url, part) in faults)
        {
            PostgresUrl.TryRead(url, "X", out _, out var fault);
            Assert.Contains(part, fault![..fault!.IndexOf('(', StringComparison.Ordinal)], StringComparison.Ordinal);
        }
    }

    private static string Sorted(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return string.Join(';', builder.Keys.Order(StringComparer.Ordinal).Select(key => $"{key}={builder[key]}"));
    }
}
