using Firehose;

namespace Apps.Tests.Firehose;

public sealed class Scenario11BadConfigurationTests
{
    [Theory]
    [InlineData("RELAY_URL", "bsky.network", "CFG012")]
    [InlineData("RELAY_URL", "ftp://bsky.network", "CFG012")]
    [InlineData("RELAY_URL", "wss://user:secret@bsky.network", "CFG012")]
    [InlineData("RELAY_URL", "wss://user:secret@bsky.network:99999", "CFG012")]
    [InlineData("RELAY_URL", "", "CFG008")]
    [InlineData("BATCH_SIZE", "abc", "CFG003")]
    [InlineData("BATCH_SIZE", "0", "CFG002")]
    [InlineData("PARALLEL_CONSUMERS", "10001", "CFG002")]
    [InlineData("REDIS_MAX_STREAM_LEN", "1e999", "CFG003")]
    [InlineData("DATABASE_URL", "postgres://localhost/x", "CFG031")]
    [InlineData("REDIS_URL", "redis://localhost", "CFG031")]
    public void A_bad_variable_is_one_line_with_its_name(string name, string value, string code)
    {
        var faults = new List<string>();

        FirehoseOptions.FromEnvironment(variable => variable == name ? value : null, faults);

        var fault = Assert.Single(faults);
        Assert.StartsWith($"{code} {name}", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var faults = new List<string>();

        FirehoseOptions.FromEnvironment(variable => variable.StartsWith("REDIS", StringComparison.Ordinal) ? null : "?", faults);

        Assert.Equal(4, faults.Count);
    }

    [Fact]
    public void Unset_variables_leave_the_defaults()
    {
        var faults = new List<string>();

        var options = FirehoseOptions.FromEnvironment(_ => null, faults);

        Assert.Empty(faults);
        Assert.Equal(new Uri("wss://bsky.network"), options.RelayUrl);
        Assert.Equal((500, 5, 500_000), (options.BatchSize, options.Pipelines, options.MaxBacklog));
    }
}
