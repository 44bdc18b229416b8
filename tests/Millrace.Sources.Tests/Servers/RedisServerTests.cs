using Servers;

namespace Millrace.Sources.Tests.Servers;

/// <summary>What tests may rely on when they ask for a Redis.</summary>
public sealed class RedisServerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_and_started_again_it_has_its_port_and_its_data()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        var address = redis.Address;
        await redis.ExecuteAsync("SET", "a", "1");
        await redis.KillAsync();
        await redis.StartAsync(Stop);
        Assert.Equal("1", await redis.ExecuteAsync("GET", "a"));
        Assert.Equal(address, redis.Address);

        await redis.StopAsync();
        await redis.StartAsync(Stop);
        Assert.Equal("1", await redis.ExecuteAsync("GET", "a"));
        await redis.ConfigureAsync("maxmemory", "100mb");
        Assert.Equal("104857600", await redis.InfoAsync("maxmemory"));
    }

    [Fact]
    public async Task Frozen_it_takes_a_command_and_answers_after_the_thaw()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        await using var connection = await redis.ConnectAsync(Stop);
        redis.Freeze();
        var reply = connection.ExecuteAsync(["PING"], Stop);
        Assert.False(reply.IsCompleted);
        redis.Thaw();
        Assert.Equal("PONG", await reply);
        redis.Freeze();
        await redis.StopAsync();
        Assert.False(redis.IsRunning);
    }

    [Fact]
    public async Task With_a_password_and_TLS_only_those_who_have_both_come_in()
    {
        await using var redis = new RedisServer { Password = "s:e/c@ret", Tls = true };
        await redis.StartAsync(Stop);
        Assert.Equal("PONG", await redis.ExecuteAsync("PING"));
        Assert.Equal($"rediss://:s%3Ae%2Fc%40ret@127.0.0.1:{redis.Port}", redis.Url);
        await using var stranger = await RespConnection.OpenAsync(redis.Port, redis.CertificateFile, Stop);
        Assert.StartsWith("NOAUTH", (await Assert.ThrowsAsync<RespException>(() => stranger.ExecuteAsync(["PING"], Stop))).Message, StringComparison.Ordinal);
        await using var plain = await RespConnection.OpenAsync(redis.Port, stop: Stop);
        await Assert.ThrowsAnyAsync<IOException>(() => plain.ExecuteAsync(["PING"], Stop));
    }

    [Fact]
    public async Task A_command_whose_reply_is_cut_off_was_carried_out()
    {
        await using var redis = await RedisServer.StartNewAsync(Stop);
        await using var proxy = TcpProxy.Start(redis.Port);
        await using var connection = await RespConnection.OpenAsync(proxy.Port, stop: Stop);
        var cut = proxy.CutAfter("INCR");
        await Assert.ThrowsAnyAsync<IOException>(() => connection.ExecuteAsync(["INCR", "n"], Stop));
        await cut.WaitAsync(Stop);
        Assert.Equal("1", await redis.ExecuteAsync("GET", "n"));

        await using var again = await RespConnection.OpenAsync(proxy.Port, stop: Stop);
        cut = proxy.CutBefore("INCR");
        await Assert.ThrowsAnyAsync<IOException>(() => again.ExecuteAsync(["INCR", "n"], Stop));
        await cut.WaitAsync(Stop);
        Assert.Equal("1", await redis.ExecuteAsync("GET", "n"));
    }

    [Fact]
    public async Task On_a_full_disk_it_ends_and_keeps_what_it_acknowledged()
    {
        var (folder, whyNot) = await TmpfsFolder.TryMountAsync(megabytes: 8, Stop);
        Assert.SkipWhen(folder is null, whyNot ?? "");
        await using var tmpfs = folder;
        await using var redis = new RedisServer(options: ["--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]) { Folder = tmpfs.Path };
        await redis.StartAsync(Stop);
        await redis.ExecuteAsync("SET", "a", "1");
        await tmpfs.FillAsync(stop: Stop);
        // With fsync "always" Redis ends itself rather than acknowledge what it could not write.
        await Assert.ThrowsAnyAsync<IOException>(() => redis.ExecuteAsync("SET", "b", new string('x', 100_000)));
        await redis.ExitAsync(Stop);
        tmpfs.Free();
        await redis.StartAsync(Stop);
        Assert.Equal("1", await redis.ExecuteAsync("GET", "a"));
    }

    [Fact]
    public async Task Valkey_starts_as_Redis_does()
    {
        Assert.SkipWhen(Valkey.Find() is null, Valkey.Missing);
        await using var valkey = new RedisServer(Valkey.Find()!);
        await valkey.StartAsync(Stop);
        Assert.Equal("valkey", await valkey.InfoAsync("server_name"));
    }

    [FullLaneTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cluster_serves_every_slot_and_takes_a_node_back(bool valkey)
    {
        Assert.SkipWhen(valkey && Valkey.Find() is null, Valkey.Missing);
        await using var cluster = await RedisCluster.StartNewAsync(valkey ? Valkey.Find()! : "redis-server", Stop);
        var owners = new HashSet<RedisServer>();
        foreach (var key in (string[])["a", "b", "c", "d"])
        {
            var owner = await cluster.OwnerOfAsync(key);
            await owner.ExecuteAsync("SET", key, key);
            owners.Add(owner);
        }

        Assert.Equal(3, owners.Count);
        var first = await cluster.OwnerOfAsync("a");
        var other = owners.First(node => node != first);
        var moved = await Assert.ThrowsAsync<RespException>(() => other.ExecuteAsync("GET", "a"));
        Assert.EndsWith(first.Address, moved.Message, StringComparison.Ordinal);

        await first.KillAsync();
        await first.StartAsync(Stop);
        await cluster.AwaitReadyAsync(Stop);
        Assert.Equal("a", await first.ExecuteAsync("GET", "a"));
    }
}
