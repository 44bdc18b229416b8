namespace Apps.Tests.Worker;

/// <summary>Scenario 11: a start with a wrong DATABASE_URL or RELAY_URL.</summary>
public sealed class Scenario11WrongAddressTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("RELAY_URL", "nowhere")]
    [InlineData("RELAY_URL", "ftp://relay")]
    [InlineData("RELAY_URL", "wss://")]
    [InlineData("RELAY_URL", "wss://host:99999")]
    [InlineData("RELAY_URL", "wss://user:secret-word@host")]
    [InlineData("RELAY_URL", "wss://user:secret-word@host:99999")]
    [InlineData("RELAY_URL", "wss://host?cursor=1")]
    [InlineData("RELAY_URL", "")]
    [InlineData("DATABASE_URL", "mysql://user:secret-word@host/db")]
    [InlineData("DATABASE_URL", "secret-word")]
    [InlineData("DATABASE_URL", "")]
    [InlineData("REDIS_URL", "mysql://:secret-word@host")]
    public async Task Is_one_clear_line_with_the_variables_name(string name, string value)
    {
        var (code, output, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", (name, value));

        Assert.Equal(78, code);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Matches(@"^CFG\d{3} ", line);
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Equal("", output);
    }
}
