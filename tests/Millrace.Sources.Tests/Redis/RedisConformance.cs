using Millrace.Conformance.Modelling;
using Millrace.Conformance.Sourcing;
using Millrace.Conformance.Storing;
using Millrace.Redis;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

public sealed class RedisResp3Harness : RedisHarness
{
    protected override Task<RedisServer> ServerAsync() => SharedServer.Redis;
}

/// <summary>The older protocol, and the other way to free entries.</summary>
public sealed class RedisResp2Harness : RedisHarness
{
    protected override RedisProtocol Protocol => RedisProtocol.Resp2;

    protected override Task<RedisServer> ServerAsync() => SharedServer.Redis;

    protected override void Configure(RedisStoreOptions options) => options.Free = FreeEntries.Trim;
}

public sealed class RedisResp3SourceConformance : SourceConformance<RedisResp3Harness>;

public sealed class RedisResp3StoreConformance : JobStoreConformance<RedisResp3Harness>;

public sealed class RedisResp2SourceConformance : SourceConformance<RedisResp2Harness>;

public sealed class RedisResp2StoreConformance : JobStoreConformance<RedisResp2Harness>;

public sealed class RedisStoreModel : StoreModelConformance<RedisResp3Harness>;
