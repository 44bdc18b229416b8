using System.Globalization;
using Millrace.Redis;
using Millrace.Sources.Tests.Crashes;
using Millrace.Storage;
using Servers;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A Redis of its own, what was accepted into it, and worker processes on it.</summary>
internal sealed class RedisFleet : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("millrace-fleet-");
    private RedisStore? _store;
    private int _runs;

    public RedisServer Server { get; } = new();

    public RedisStore Store => _store!;

    /// <summary>The accepted jobs by id, in order.</summary>
    public Dictionary<string, NewJob> Accepted { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<Effect> Effects => Effect.Read(_folder.EnumerateFiles().Select(file => file.FullName));

    public long EffectBytes => _folder.EnumerateFiles().Sum(file => file.Length);

    public static async Task<RedisFleet> StartAsync(CancellationToken stop)
    {
        var fleet = new RedisFleet();
        await fleet.Server.StartAsync(stop);
        fleet._store = new RedisStore(new() { Url = fleet.Server.Url, Retention = new() { MaxAge = TimeSpan.FromDays(1), MaxCount = 100_000 } });
        await fleet._store.OpenAsync(stop);
        return fleet;
    }

    public async Task FillAsync(IReadOnlyList<NewJob> jobs, CancellationToken stop)
    {
        foreach (var part in jobs.Chunk(50))
            foreach (var (job, result) in part.Zip(await Store.EnqueueAsync(part, stop)))
                Accepted.Add(result.Id, job);
    }

    public CrashProcess StartChild(string? crashAt = null, int after = 0)
    {
        var run = ++_runs;
        return new(Server.Url, Path.Combine(_folder.FullName, $"effects-{run}"), run, crashAt, after);
    }

    /// <summary>Starts a child and waits for its end.</summary>
    public async Task<int> RunChildAsync(CancellationToken stop, string? crashAt = null, int after = 0)
    {
        await using var child = StartChild(crashAt, after);
        return await child.EndAsync(stop);
    }

    /// <summary>Lets every lease be over by the store's clock, for all processes.</summary>
    public async Task ElapseLeasesAsync()
    {
        const string owners = "{millrace:crash}:millrace:millrace:owners";
        foreach (var owner in (object?[])(await Server.ExecuteAsync("ZRANGE", owners, "0", "-1"))!)
            await Server.ExecuteAsync("ZADD", owners, "1", (string)owner!);
    }

    public async Task<bool> IsDrainedAsync(CancellationToken stop) =>
        await Store.CountAsync(CrashScenario.Queue, stop) is { Waiting: 0, Delayed: 0, Leased: 0 };

    /// <summary>Whatever was accepted is in exactly one final state, the one its script leads to, and of nothing else is there a trace.</summary>
    public async Task CheckStatesAsync(CancellationToken stop)
    {
        Assert.True(await IsDrainedAsync(stop));
        var dead = await Store.ListDeadLettersAsync(new(), stop).ToDictionaryAsync(letter => letter.Id, StringComparer.Ordinal, stop);
        var finished = ((object?[])(await Server.ExecuteAsync("ZRANGE", "{millrace:crash}:millrace:millrace:finished", "0", "-1"))!)
            .Select(id => $"{CrashScenario.Queue}:{id}").ToHashSet(StringComparer.Ordinal);
        foreach (var (id, job) in Accepted)
        {
            var script = CrashOracle.Script(job);
            // Running in too many processes when they were killed counts as poison, be it by chance.
            var quarantined = dead.TryGetValue(id, out var letter) && letter.Reason.StartsWith("quarantined", StringComparison.Ordinal);
            Assert.Equal(script is "dead" or "kill" || quarantined, dead.ContainsKey(id));
            Assert.NotEqual(dead.ContainsKey(id), finished.Contains(id));
        }

        Assert.Equal(Accepted.Count + CrashScenario.PublishedByChild, dead.Count + finished.Count);
        await Store.PruneAsync(stop);
        Assert.Equal(0L, await Server.ExecuteAsync("XLEN", "millrace:crash"));
        Assert.Equal(0L, await Server.ExecuteAsync("EXISTS", "{millrace:crash}:millrace:millrace:keys"));
        foreach (var consumer in ((object?[])(await Server.ExecuteAsync("XINFO", "CONSUMERS", "millrace:crash", "millrace"))!).Cast<object?[]>())
            Assert.Equal(0L, consumer[3]);
        var records = ((object?[])(await Server.ExecuteAsync("KEYS", "{millrace:crash}:millrace:millrace:job:*"))!).Count(key => !((string)key!).EndsWith(":errors", StringComparison.Ordinal));
        Assert.Equal(dead.Count + finished.Count, records);
        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{Accepted.Count} accepted, {finished.Count} finished, {dead.Count} dead, {_runs} runs"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
