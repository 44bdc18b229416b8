using System.Net;
using Millrace.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Addresses as people write them.</summary>
public sealed class RedisUrlTests
{
    [Theory]
    [InlineData("redis://localhost", "localhost", 6379)]
    [InlineData("redis://localhost:6380", "localhost", 6380)]
    [InlineData("REDIS://LOCALHOST", "localhost", 6379)]
    [InlineData("redis://localhost/", "localhost", 6379)]
    [InlineData("redis://127.0.0.1:1", "127.0.0.1", 1)]
    [InlineData("redis://[::1]:6380", "::1", 6380)]
    [InlineData("redis://[2001:db8::2]/3", "2001:db8::2", 6379, 3)]
    [InlineData("redis://h/0", "h", 6379)]
    [InlineData("redis://h:7000/15", "h", 7000, 15)]
    [InlineData("redis://user@h", "h", 6379, 0, "user")]
    [InlineData("redis://:secret@h", "h", 6379, 0, null, "secret")]
    [InlineData("redis://user:secret@h:1/2", "h", 1, 2, "user", "secret")]
    [InlineData("redis://us%40er:%40%3A%2F%25%3F%23%20@h", "h", 6379, 0, "us@er", "@:/%?# ")]
    [InlineData("redis://:a:b:c@h", "h", 6379, 0, null, "a:b:c")]
    [InlineData("redis://:p%C3%A4ss@h", "h", 6379, 0, null, "päss")]
    [InlineData("redis://:a+b@h", "h", 6379, 0, null, "a+b")]
    [InlineData("redis://:a,b=c@h", "h", 6379, 0, null, "a,b=c")]
    [InlineData("rediss://h", "h", 6379, 0, null, null, true)]
    [InlineData("rediss://:s@[::1]:6380/1", "::1", 6380, 1, null, "s", true)]
    [InlineData("h", "h", 6379)]
    [InlineData("127.0.0.1,ssl=true", "127.0.0.1", 6380, 0, null, null, true)]
    [InlineData("redis://h/%31", "h", 6379, 1)]
    [InlineData("h:7000", "h", 7000)]
    [InlineData("h:7000,password=s=e:c,user=u,defaultDatabase=4,ssl=true", "h", 7000, 4, "u", "s=e:c", true)]
    [InlineData("[::1]:7000", "::1", 7000)]
    public void An_address_is_read(string text, string host, int port, int database = 0, string? user = null, string? password = null, bool tls = false)
    {
        Assert.Null(RedisUrl.Parse(text, "REDIS_URL", out var options));
        Assert.Equal((database, user, password, tls), (options!.DefaultDatabase ?? 0, options.User, options.Password, options.Ssl));
        Assert.Equal((host, port), Assert.Single(options.EndPoints) switch
        {
            IPEndPoint ip => (ip.Address.ToString(), ip.Port),
            DnsEndPoint dns => (dns.Host, dns.Port),
            var other => (other.ToString()!, -1),
        });
    }

    [Fact]
    public void A_list_names_many_servers()
    {
        Assert.Null(RedisUrl.Parse("a:1,b:2,127.0.0.1:3,abortConnect=false", "REDIS_URL", out var options));
        Assert.Equal(3, options!.EndPoints.Count);
    }

    [Theory]
    [InlineData("", "CFG008")]
    [InlineData("   ", "CFG008")]
    [InlineData("redis://", "CFG012")]
    [InlineData("redis://:SECRET@", "CFG012")]
    [InlineData("redis://:SECRET@:6379", "CFG012")]
    [InlineData("redis:///0", "CFG012")]
    [InlineData("://h", "CFG012")]
    [InlineData("http://:SECRET@h", "CFG012")]
    [InlineData("redi://:SECRET@h", "CFG012")]
    [InlineData("rediss+tls://:SECRET@h", "CFG012")]
    [InlineData("unix:///SECRET/redis.sock", "CFG012")]
    [InlineData("redis://:SECRET@h:99999", "CFG012")]
    [InlineData("redis://:SECRET@h:port", "CFG012")]
    [InlineData("redis://:SECRET@h:-1", "CFG012")]
    [InlineData("redis://:SECRET@h/db", "CFG012")]
    [InlineData("redis://:SECRET@h/-1", "CFG012")]
    [InlineData("redis://:SECRET@h/1/2", "CFG012")]
    [InlineData("redis://:SECRET@h/1.5", "CFG012")]
    [InlineData("redis://:SECRET@h/99999999999", "CFG012")]
    [InlineData("redis://:SECRET@h?db=1", "CFG012")]
    [InlineData("redis://:SECRET@h/0#x", "CFG012")]
    [InlineData("redis://:SECRET@h w", "CFG012")]
    // What a password does that was not written as it must be.
    [InlineData("redis://user:12/SECRET@h:6379", "CFG012")]
    [InlineData("redis://user:12?SECRET@h:6379", "CFG012")]
    [InlineData("redis://user:12#SECRET@h:6379", "CFG012")]
    [InlineData("redis://user:SECRET/x@h:6379", "CFG012")]
    [InlineData("redis://:SECRET%zz@h]", "CFG012")]
    [InlineData("h:1,password=SECRET,nonsense=1", "CFG012")]
    [InlineData("h:1,password=SECRET,ssl=maybe", "CFG012")]
    [InlineData("password=SECRET", "CFG012")]
    [InlineData(",,,", "CFG012")]
    public void What_cannot_be_an_address_is_refused_in_one_line_that_names_the_variable_and_no_secret(string text, string code)
    {
        var fault = RedisUrl.Parse(text, "REDIS_URL", out var options);
        Assert.Null(options);
        Assert.StartsWith($"{code} REDIS_URL ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", fault, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\n", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_name_every_fault_at_once()
    {
        var options = new RedisStoreOptions
        {
            Url = "http://x",
            UrlName = "REDIS_URL",
            Group = "a b",
            Consumer = new string('x', 201),
            MaxBacklog = -1,
            ForeignConsumerTimeout = TimeSpan.Zero,
            CommandTimeout = TimeSpan.FromHours(1),
            PruneInterval = TimeSpan.Zero,
            Retention = new() { MaxCount = -1 },
            StreamKeys = { ["q"] = "" },
        };
        string[] named = ["REDIS_URL", "Group", "Consumer", "StreamKeys[q]", "MaxBacklog", "ForeignConsumerTimeout", "CommandTimeout", "PruneInterval", "Retention.MaxCount"];
        var refused = Assert.Throws<Storage.StoreException>(() => new RedisStore(options).OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());
        Assert.StartsWith("CFG012", refused.Message, StringComparison.Ordinal);
        Assert.All(named, name => Assert.Contains(name, refused.Message, StringComparison.Ordinal));
        Assert.Equal(named.Length, options.Validate(new(options)).Count());
    }
}
