using Firehose.Storage.Postgres;
using Npgsql;

namespace Apps.Tests.Firehose.Storage;

/// <summary>The forms of DATABASE_URL.</summary>
public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgresql://ada:secret@db.test:6543/sky", "db.test:6543/sky", "ada", "secret")]
    [InlineData("postgres://ada@db.test/sky", "db.test:5432/sky", "ada", null)]
    [InlineData("postgresql://ada:p%40s%3As%2F%25@db.test/sky", "db.test:5432/sky", "ada", "p@s:s/%")]
    [InlineData("postgresql://ada:a@b:c@db.test/sky", "db.test:5432/sky", "ada", "a@b:c")]
    [InlineData("postgresql://ada:a/b@db.test/sky", "db.test:5432/sky", "ada", "a/b")]
    [InlineData("postgresql://ada@[::1]:6543/sky", "::1:6543/sky", "ada", null)]
    [InlineData("postgresql:///sky?host=db.test&user=ada", "db.test:5432/sky", "ada", null)]
    [InlineData("host=db.test port=6543 dbname=sky user=ada password='se cr\\'et'", "db.test:6543/sky", "ada", "se cr'et")]
    [InlineData("Host=db.test;Port=6543;Database=sky;Username=ada;Password=secret", "db.test:6543/sky", "ada", "secret")]
    public void Every_usual_form_is_understood(string text, string shown, string user, string? password)
    {
        var address = PostgresAddress.Parse(text, out var fault);

        Assert.Null(fault);
        Assert.Equal(shown, address!.ToString());
        var settings = address.ToSettings(7);
        Assert.Equal((user, password, 7), (settings.Username, settings.Password, settings.MaxPoolSize));
    }

    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    public void Sslmode_has_the_names_of_libpq(string name, SslMode mode) =>
        Assert.Equal(mode, PostgresAddress.Parse($"postgresql://ada@db.test/sky?sslmode={name}", out _)!.ToSettings(1).SslMode);

    [Theory]
    [InlineData("postgresql://ada@db.test/sky?gssencmode=disable", GssEncryptionMode.Disable)]
    [InlineData("host=db.test gssencmode=require", GssEncryptionMode.Require)]
    public void Gssencmode_has_the_names_of_libpq(string text, GssEncryptionMode mode) =>
        Assert.Equal(mode, PostgresAddress.Parse(text, out _)!.ToSettings(1).GssEncryptionMode);

    [Theory]
    [InlineData("mysql://ada:secret@db.test/sky", "scheme \"mysql\"")]
    [InlineData("secret", "must look like")]
    [InlineData("postgresql://ada:secret@db.test:99999/sky", "port \"99999\"")]
    [InlineData("postgresql://ada:secret@db.test:x/sky", "port \"x\"")]
    [InlineData("postgresql://ada:secret@db.test/sky?sslmode=perhaps", "sslmode \"perhaps\"")]
    [InlineData("postgresql://ada:secret@db.test/sky?colour=red", "parameter \"colour\"")]
    [InlineData("Host=db.test;Password=secret;Port=many", "must look like")]
    [InlineData("Host=db.test;Passwort=secret;Port=1", "must look like")]
    public void What_is_wrong_is_named_and_the_password_is_not(string text, string part)
    {
        Assert.Null(PostgresAddress.Parse(text, out var fault));

        Assert.Contains(part, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }
}
