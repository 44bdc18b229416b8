using Servers;

namespace Apps.Tests.Worker;

/// <summary>Scenario 11, with a server: a start with a REDIS_URL that leads to nothing that can be used.</summary>
public sealed class Scenario11WrongRedisTests(Scenario11WrongRedisTests.RedisPair servers) : IClassFixture<Scenario11WrongRedisTests.RedisPair>, IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("http://:secret-word@127.0.0.1:{port}", "CFG012 REDIS_URL")]
    [InlineData("redis://:secret-word@127.0.0.1:{free}", "DB001 REDIS_URL")]
    [InlineData("redis://:secret-word@127.0.0.1:{port}", "DB010 REDIS_URL")]
    [InlineData("redis://127.0.0.1:{port}", "DB010 REDIS_URL")]
    [InlineData("rediss://:secret-word@127.0.0.1:{port}", "DB0.. REDIS_URL .*TLS")]
    [InlineData("redis://:secret-word@127.0.0.1:{tls}", "DB001 REDIS_URL .*TLS")]
    [InlineData("rediss://:secret-word@127.0.0.1:{tls}", "DB0.. REDIS_URL .*TLS")]
    public async Task Is_one_clear_line_with_the_variables_name(string url, string expected)
    {
        var value = url.Replace("{port}", $"{servers.Plain.Port}", StringComparison.Ordinal)
            .Replace("{tls}", $"{servers.Encrypted.Port}", StringComparison.Ordinal).Replace("{free}", $"{FreePort.Find()}", StringComparison.Ordinal);

        var (exit, output, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", ("REDIS_URL", value), ("RELAY_URL", "ws://127.0.0.1:9"), ("LOG_LEVEL", "none"));

        Assert.Equal(78, exit);
        Assert.Matches($"^{expected}", Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.DoesNotContain("secret-word", errors, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    /// <summary>One server with a password, and one with TLS that nobody's certificate vouches for.</summary>
    public sealed class RedisPair : IAsyncLifetime
    {
        public RedisServer Plain { get; } = new() { Password = "another-word" };

        public RedisServer Encrypted { get; } = new() { Tls = true };

        public async ValueTask InitializeAsync() => await Task.WhenAll(Plain.StartAsync(), Encrypted.StartAsync());

        public async ValueTask DisposeAsync()
        {
            await Plain.DisposeAsync();
            await Encrypted.DisposeAsync();
        }
    }
}
