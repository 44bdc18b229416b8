using Millrace.Conformance.Modelling;
using Millrace.Conformance.Sourcing;
using Millrace.Conformance.Storing;
using Millrace.Redis;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

public sealed class RedisResp3Harness : RedisHarness
{
    protected override Task<IReadOnlyList<RedisServer>> ServersAsync() => SharedServers.RedisAsync();

    protected override void Configure(RedisStoreOptions options) => options.Protocol = RedisProtocol.Resp3;
}

/// <summary>The older protocol, and the other way to free entries; the full lane's.</summary>
public sealed class RedisResp2Harness : RedisHarness
{
    protected override Task<IReadOnlyList<RedisServer>> ServersAsync()
    {
        Assert.SkipUnless(FullLane.Runs, FullLane.Reason);
        return SharedServers.RedisAsync();
    }

    protected override void Configure(RedisStoreOptions options)
    {
        options.Protocol = RedisProtocol.Resp2;
        options.Free = FreeEntries.Delete;
    }
}

public sealed class ValkeyHarness : RedisHarness
{
    protected override Task<IReadOnlyList<RedisServer>> ServersAsync() => SharedServers.ValkeyAsync();
}

public sealed class RedisClusterHarness : RedisHarness
{
    protected override Task<IReadOnlyList<RedisServer>> ServersAsync() => SharedServers.ClusterAsync();
}

public sealed class RedisResp3SourceConformance : SourceConformance<RedisResp3Harness>;

public sealed class RedisResp3StoreConformance : JobStoreConformance<RedisResp3Harness>;

public sealed class RedisResp2SourceConformance : SourceConformance<RedisResp2Harness>;

public sealed class RedisResp2StoreConformance : JobStoreConformance<RedisResp2Harness>;

public sealed class ValkeySourceConformance : SourceConformance<ValkeyHarness>;

public sealed class ValkeyStoreConformance : JobStoreConformance<ValkeyHarness>;

public sealed class RedisClusterSourceConformance : SourceConformance<RedisClusterHarness>;

public sealed class RedisClusterStoreConformance : JobStoreConformance<RedisClusterHarness>;

public sealed class RedisStoreModel : StoreModelConformance<RedisResp3Harness>
{
    protected override (int Quick, int Full) Operations => (0, 200_000);

    // A settlement of a claim that another source had made passed for one of its earlier writes.
    protected override IReadOnlyList<string> Regressions => ["cgpI_E745w75"];
}

/// <summary>The same scripts, but for how entries are freed.</summary>
public sealed class RedisDeletingStoreModel : StoreModelConformance<RedisResp2Harness>
{
    protected override (int Quick, int Full) Operations => (0, 20_000);
}

/// <summary>The same scripts once more, each on the node of its queue.</summary>
public sealed class RedisClusterStoreModel : StoreModelConformance<RedisClusterHarness>
{
    protected override (int Quick, int Full) Operations => (0, 10_000);
}
