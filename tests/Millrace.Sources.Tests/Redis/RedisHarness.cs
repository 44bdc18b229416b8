using Millrace.Conformance;
using Millrace.Redis;
using Millrace.Storage;
using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A store with a prefix of its own for each test, on servers that all tests share.</summary>
public abstract class RedisHarness : JobStoreHarness
{
    private readonly string _prefix = $"t{Guid.NewGuid():N}:";
    private readonly List<RedisStore> _opened = [];
    private RedisStore? _store;
    private TimeSpan _passed;
    private IReadOnlyList<RedisServer> _servers = [];

    public override JobStore Store => _store!;

    public override HarnessAbilities Abilities => HarnessAbilities.Restart | HarnessAbilities.Cut;

    public override bool LeasesByOwner => true;

    /// <summary>The servers, started by the first test that needs them.</summary>
    protected abstract Task<IReadOnlyList<RedisServer>> ServersAsync();

    protected virtual void Configure(RedisStoreOptions options)
    {
    }

    public override async ValueTask InitializeAsync()
    {
        _servers = await ServersAsync();
        _store = await OpenAsync();
    }

    public override async ValueTask RestartAsync(CancellationToken stop)
    {
        await _store!.DisposeAsync();
        _store = await OpenAsync();
        await _store.AdvanceAsync(_passed);
    }

    /// <summary>Only this test's connections: others share the servers.</summary>
    public override async ValueTask CutAsync(CancellationToken stop)
    {
        foreach (var server in _servers)
            foreach (var client in ((string)(await server.ExecuteAsync("CLIENT", "LIST"))!).Split('\n'))
                if (client.Contains($"name=millrace:{_prefix}", StringComparison.Ordinal))
                    await server.ExecuteAsync("CLIENT", "KILL", "ID", client.Split(' ')[0]["id=".Length..]);
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
        var options = new RedisStoreOptions { Url = string.Join(',', _servers.Select(server => server.Address)), Prefix = _prefix, Consumer = _prefix, Retention = Retention };
        Configure(options);
        var store = new RedisStore(options);
        await store.OpenAsync(CancellationToken.None);
        _opened.Add(store);
        return store;
    }
}
