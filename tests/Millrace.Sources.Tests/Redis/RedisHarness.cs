using Millrace.Conformance;
using Millrace.Redis;
using Millrace.Storage;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A store with a prefix of its own for each test, on a server that all tests of the class's kind share.</summary>
public abstract class RedisHarness : JobStoreHarness
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}:";
    private readonly List<RedisStore> _opened = [];
    private RedisStore? _store;
    private TimeSpan _passed;
    private RedisServer? _server;

    public override JobStore Store => _store!;

    public override HarnessAbilities Abilities => HarnessAbilities.Restart | HarnessAbilities.Cut;

    public override bool LeasesByOwner => true;

    /// <summary>The server, started by the first test that needs it and ended with the process of the tests.</summary>
    protected abstract Task<RedisServer> ServerAsync();

    protected virtual RedisProtocol Protocol => RedisProtocol.Resp3;

    protected virtual void Configure(RedisStoreOptions options)
    {
    }

    public override async ValueTask InitializeAsync()
    {
        _server = await ServerAsync();
        _store = await OpenAsync();
    }

    public override async ValueTask RestartAsync(CancellationToken stop)
    {
        await _store!.DisposeAsync();
        _store = await OpenAsync();
        await _store.AdvanceAsync(_passed);
    }

    public override async ValueTask CutAsync(CancellationToken stop)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{_server!.Address},allowAdmin=true");
        var database = connection.GetDatabase();
        foreach (var client in ((string)(await database.ExecuteAsync("CLIENT", "LIST"))!).Split('\n'))
            if (client.Contains($"name=millrace:{_prefix}", StringComparison.Ordinal))
                await database.ExecuteAsync("CLIENT", "KILL", "ID", client.Split(' ')[0]["id=".Length..]);
    }

    public override async ValueTask AdvanceAsync(TimeSpan by, CancellationToken stop)
    {
        _passed += by;
        await _store!.AdvanceAsync(by);
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
    }

    private async Task<RedisStore> OpenAsync()
    {
        var options = new RedisStoreOptions { Url = _server!.Url, Prefix = _prefix, Consumer = _prefix, Retention = Retention, Protocol = Protocol };
        Configure(options);
        var store = new RedisStore(options);
        await store.OpenAsync(CancellationToken.None);
        _opened.Add(store);
        return store;
    }
}
