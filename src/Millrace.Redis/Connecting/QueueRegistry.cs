using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Millrace.Redis.Connecting;

/// <summary>The queues of a store: every process adds those it uses to one set, so that each can list them all.</summary>
internal sealed class QueueRegistry
{
    private readonly RedisLink _link;
    private readonly RedisStoreOptions _options;
    private readonly ConcurrentDictionary<string, QueueKeys> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _registered = new(StringComparer.Ordinal);
    private readonly RedisKey _names;

    public QueueRegistry(RedisLink link, RedisStoreOptions options)
    {
        _link = link;
        _options = options;
        OfStore = new QueueKeys("", $"{options.Prefix}store", options.Group);
        _names = $"{OfStore.Prefix}:queues";
    }

    /// <summary>Keys that belong to no queue: pauses, and the audit entries of what concerns none.</summary>
    public QueueKeys OfStore { get; }

    public QueueKeys Of(string queue) => _keys.GetOrAdd(queue, static (name, options) =>
        new QueueKeys(name, options.StreamKeys.TryGetValue(name, out var key) ? key : options.Prefix + name, options.Group), _options);

    public async ValueTask<QueueKeys> RegisterAsync(string queue, CancellationToken stopping)
    {
        var keys = Of(queue);
        if (_registered.ContainsKey(queue)) return keys;
        await _link.PatientlyAsync(database => database.SetAddAsync(_names, queue), stopping);
        _registered[queue] = true;
        return keys;
    }

    /// <summary>Adds again what this process uses: a server may lose its data and get it back from those who know it.</summary>
    public async ValueTask RegisterAgainAsync(CancellationToken stopping)
    {
        RedisValue[] names = [.. _registered.Keys.Select(name => (RedisValue)name)];
        if (names.Length > 0) await _link.PatientlyAsync(database => database.SetAddAsync(_names, names), stopping);
    }

    public async ValueTask<bool> IsKnownAsync(string queue, CancellationToken stopping) =>
        _registered.ContainsKey(queue) || await _link.PatientlyAsync(database => database.SetContainsAsync(_names, queue), stopping);

    public async ValueTask<IReadOnlyList<QueueKeys>> ListAsync(CancellationToken stopping) =>
        [.. (await _link.PatientlyAsync(database => database.SetMembersAsync(_names), stopping)).Select(name => Of(name!)).OrderBy(keys => keys.Queue, StringComparer.Ordinal)];
}
