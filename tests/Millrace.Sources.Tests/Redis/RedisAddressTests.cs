using Millrace.Redis;
using Millrace.Storage;
using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Addresses that can be read and not used: one line that names the variable and the cause, and never the password.</summary>
public sealed class RedisAddressTests
{
    private const string Secret = "s3cr:t/p@ss";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Nobody_there()
    {
        var refused = await OpenAsync($"redis://:{Uri.EscapeDataString(Secret)}@127.0.0.1:{FreePort.Find()}");
        Assert.Equal("DB001", refused.Code);
        Assert.Contains("no answer: is the server up", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_name_that_nobody_has()
    {
        var refused = await OpenAsync("redis://no-such-host.invalid:6379");
        Assert.Equal("DB001", refused.Code);
        Assert.Contains("(no-such-host.invalid:6379)", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_list_without_a_port_names_the_port_that_was_tried()
    {
        var refused = await OpenAsync("no-such-host.invalid");
        Assert.Contains("(no-such-host.invalid:6379)", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_port_that_takes_connections_and_says_nothing()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        redis.Freeze();
        var refused = await OpenAsync(redis.Url, options => options.CommandTimeout = TimeSpan.FromMilliseconds(300));
        Assert.Equal("DB001", refused.Code);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("")]
    [InlineData(":wrong-one@")]
    [InlineData("nobody:wrong-one@")]
    public async Task The_wrong_password_or_none(string login)
    {
        await using var redis = new RedisServer { Password = Secret };
        await redis.StartAsync(Stop);
        var refused = await OpenAsync($"redis://{login}{redis.Address}");
        Assert.Equal("DB010", refused.Code);
        Assert.Contains("the server refused user or password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-one", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_right_password()
    {
        await using var redis = new RedisServer { Password = Secret };
        await redis.StartAsync(Stop);
        await using var store = new RedisStore(new() { Url = redis.Url });
        await store.OpenAsync(Stop);
        await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
        Assert.Equal(1, (await store.CountAsync(RedisLab.Queue, Stop)).Waiting);
    }

    [Fact(Timeout = 120_000)]
    public async Task Plain_to_a_port_that_wants_TLS()
    {
        await using var redis = new RedisServer { Tls = true };
        await redis.StartAsync(Stop);
        var refused = await OpenAsync($"redis://{redis.Address}");
        Assert.Equal("DB001", refused.Code);
        Assert.Contains("does it want TLS (rediss://)?", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task TLS_to_a_plain_port()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        Assert.Contains("TLS", (await OpenAsync($"rediss://{redis.Address}")).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task TLS_with_a_certificate_that_nobody_trusts()
    {
        await using var redis = new RedisServer { Tls = true, Password = Secret };
        await redis.StartAsync(Stop);
        Assert.Contains("is its certificate trusted?", (await OpenAsync(redis.Url)).Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task TLS_with_a_certificate_that_is_trusted()
    {
        // How the client is told of a certificate authority of one's own.
        const string variable = "SERedis_IssuerCertPath";
        await using var redis = new RedisServer { Tls = true, Password = Secret };
        await redis.StartAsync(Stop);
        Environment.SetEnvironmentVariable(variable, redis.CertificateFile);
        try
        {
            await using var store = new RedisStore(new() { Url = redis.Url });
            await store.OpenAsync(Stop);
            await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
            await using var source = store.OpenSource(RedisLab.Options());
            Assert.Single(await source.TakeAsync(1));
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task A_database_that_the_server_has_not()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        var refused = await OpenAsync($"{redis.Url}/99");
        Assert.Equal("DB001", refused.Code);
        Assert.Contains("database 99", refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Databases_of_one_server_are_apart()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        await using var first = new RedisStore(new() { Url = redis.Url });
        await using var second = new RedisStore(new() { Url = $"{redis.Url}/7" });
        foreach (var store in new[] { first, second }) await store.OpenAsync(Stop);
        await second.EnqueueAsync(RedisLab.Jobs(2), Stop);
        Assert.Equal((0, 2), ((await first.CountAsync(RedisLab.Queue, Stop)).Waiting, (await second.CountAsync(RedisLab.Queue, Stop)).Waiting));
        await using var source = second.OpenSource(RedisLab.Options());
        Assert.Equal(2, (await source.TakeAsync(2)).Count);
    }

    private static async Task<StoreException> OpenAsync(string url, Action<RedisStoreOptions>? configure = null)
    {
        var options = new RedisStoreOptions { Url = url, UrlName = "REDIS_URL", CommandTimeout = TimeSpan.FromSeconds(1) };
        configure?.Invoke(options);
        await using var store = new RedisStore(options);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await store.OpenAsync(Stop));
        Assert.StartsWith($"{refused.Code} REDIS_URL (", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        return refused;
    }
}
