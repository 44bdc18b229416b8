using Millrace.Outcomes;
using Millrace.Storage;
using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Whether a server's settings support the promise, looked at when a store opens; and servers that take no writes.</summary>
public sealed class RedisDurabilityTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_server_that_flushes_always_and_evicts_nothing_is_durable()
    {
        await using var lab = await RedisLab.StartAsync("--appendfsync", "always");
        var durability = await lab.Make(options => options.Strict = true).OpenAsync(Stop);
        Assert.Empty(durability.Findings);
        Assert.True(durability.Durable);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("appendfsync", "everysec", "appendfsync is everysec: about the last second is lost")]
    [InlineData("appendfsync", "no", "appendfsync is no: what the system has not written yet is lost")]
    [InlineData("appendonly", "no", "appendonly is no: what was accepted since the last snapshot is lost")]
    [InlineData("maxmemory-policy", "allkeys-lru", "maxmemory-policy is allkeys-lru: the server may drop streams")]
    [InlineData("maxmemory-policy", "volatile-ttl", "maxmemory-policy is volatile-ttl")]
    public async Task A_setting_that_does_not_keep_what_was_accepted_is_a_finding_and_under_Strict_a_refusal(string name, string value, string finding)
    {
        await using var lab = await RedisLab.StartAsync("--appendfsync", "always");
        await lab.Server.ConfigureAsync(name, value);
        var durability = await lab.Make().OpenAsync(Stop);
        Assert.False(durability.Durable);
        Assert.StartsWith($"{lab.Server.Address}: {finding}", Assert.Single(durability.Findings), StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await lab.Make(options => options.Strict = true).OpenAsync(Stop));
        Assert.Equal("DUR001", refused.Code);
        Assert.Contains(finding, refused.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Settings_that_may_not_be_read_are_a_finding_and_the_store_works()
    {
        await using var lab = await RedisLab.StartAsync();
        await lab.ExecuteAsync("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-config");
        var store = lab.Make(options => options.Url = $"redis://limited:secret@{lab.Server.Address}");
        Assert.Contains("its settings cannot be read", Assert.Single((await store.OpenAsync(Stop)).Findings), StringComparison.Ordinal);
        await store.EnqueueAsync(RedisLab.Jobs(1), Stop);
        Assert.Equal(1, (await store.CountAsync(RedisLab.Queue, Stop)).Waiting);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_replica_is_refused_by_name_whatever_it_replicates()
    {
        await using var primary = await RedisServer.StartNewAsync(Stop);
        await using var lab = await RedisLab.StartAsync("--replicaof", "127.0.0.1", $"{primary.Port}");
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await lab.Make(options => options.UrlName = "REDIS_URL").OpenAsync(Stop));
        Assert.Equal($"DB007 REDIS_URL names a replica ({lab.Server.Address}), which takes no writes: name its primary.", refused.Message);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_primary_that_becomes_a_replica_is_not_ready_until_it_takes_writes_again()
    {
        await using var primary = await RedisServer.StartNewAsync(Stop);
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync(options => options.CommandTimeout = TimeSpan.FromSeconds(2));
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        Assert.Null(await store.CheckAsync(Stop));
        // Not in step with its primary, so it keeps its data.
        await lab.ExecuteAsync("CONFIG", "SET", "repl-diskless-load", "disabled");
        primary.Freeze();
        await lab.ExecuteAsync("REPLICAOF", "127.0.0.1", $"{primary.Port}");

        Assert.NotNull(await store.CheckAsync(Stop));
        await Assert.ThrowsAnyAsync<Exception>(async () => await store.EnqueueAsync(RedisLab.Jobs(1), Stop));
        var fetch = source.FetchAsync(new(1), Stop).AsTask();

        await lab.ExecuteAsync("REPLICAOF", "NO", "ONE");
        await store.EnqueuePatientlyAsync(RedisLab.Job("again"));
        Assert.Null(await store.CheckAsync(Stop));
        IReadOnlyList<Delivery> got;
        try
        {
            got = await fetch;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            got = await source.FetchAsync(new(1), Stop);
        }

        Assert.Equal("again", RedisLab.Text(got[0]));
        await source.SettleAllAsync(Outcome.Completed, got);
    }
}
