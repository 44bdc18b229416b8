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
    [InlineData("DATABASE_URL", "mysql://ada:secret@localhost/x", "CFG012")]
    [InlineData("DATABASE_URL", "postgresql://ada:secret@localhost:0/x", "CFG012")]
    [InlineData("DATABASE_URL", " ", "CFG008")]
    [InlineData("DB_POOL_SIZE", "0", "CFG002")]
    [InlineData("DB_POOL_SIZE", "1001", "CFG002")]
    [InlineData("DB_POOL_SIZE", "many", "CFG003")]
    [InlineData("CONSUMER_ID", "a b", "CFG015")]
    [InlineData("REDIS_STREAM_KEY", "a\nb", "CFG015")]
    [InlineData("REDIS_CURSOR_KEY", "\u00e9", "CFG015")]
    [InlineData("REDIS_CONSUMER_GROUP", "", "CFG008")]
    [InlineData("REDIS_URL", "mysql://localhost", "CFG012")]
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

        FirehoseOptions.FromEnvironment(variable => variable.StartsWith("REDIS", StringComparison.Ordinal) || variable == "CONSUMER_ID" ? null : "?", faults);

        Assert.Equal(5, faults.Count);
    }

    [Fact]
    public void Every_variable_sets_its_option()
    {
        var faults = new List<string>();
        var variables = new Dictionary<string, string>
        {
            ["RELAY_URL"] = "ws://relay.test",
            ["REDIS_STREAM_KEY"] = "a:b",
            ["REDIS_CURSOR_KEY"] = "c:d",
            ["REDIS_MAX_STREAM_LEN"] = "2000",
            ["REDIS_CONSUMER_GROUP"] = "group",
            ["CONSUMER_ID"] = "me@here:1",
            ["DATABASE_URL"] = "postgresql://ada@db.test/sky",
            ["DB_POOL_SIZE"] = "1000",
            ["BATCH_SIZE"] = "7",
            ["PARALLEL_CONSUMERS"] = "9",
        };

        var options = FirehoseOptions.FromEnvironment(variables.GetValueOrDefault, faults);

        Assert.Empty(faults);
        Assert.Equal(new Uri("ws://relay.test"), options.RelayUrl);
        Assert.Equal(("a:b", "c:d", 2_000L, "group", "me@here:1"), (options.StreamKey, options.CursorKey, options.MaxBacklog, options.ConsumerGroup, options.ConsumerId));
        Assert.Equal(("postgresql://ada@db.test/sky", 1_000, 7, 9), (options.DatabaseUrl, options.DatabasePoolSize, options.BatchSize, options.Pipelines));
    }

    [Fact]
    public void Unset_variables_leave_the_defaults()
    {
        var faults = new List<string>();

        var options = FirehoseOptions.FromEnvironment(_ => null, faults);

        Assert.Empty(faults);
        Assert.Equal(new Uri("wss://bsky.network"), options.RelayUrl);
        Assert.Equal((500, 5, 500_000), (options.BatchSize, options.Pipelines, options.MaxBacklog));
        Assert.Equal((null, 20), (options.DatabaseUrl, options.DatabasePoolSize));
        Assert.Equal(("firehose:events", "firehose:cursor", "firehose-processors"), (options.StreamKey, options.CursorKey, options.ConsumerGroup));
        Assert.Equal($"{Environment.MachineName}-{Environment.ProcessId}", options.ConsumerId);
    }
}
