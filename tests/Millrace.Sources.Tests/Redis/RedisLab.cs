using System.Globalization;
using System.Text;
using Millrace.Outcomes;
using Millrace.Redis;
using Millrace.Settlements;
using Millrace.Storage;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Stores over one server, under a prefix of this test: the server that all tests share, or one of its own that a test may treat badly.</summary>
internal sealed class RedisLab : IAsyncDisposable
{
    public const string Queue = "q";
    public const string Pool = "millrace-pool";

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly List<RedisStore> _opened = [];
    private readonly bool _owned;

    private RedisLab(RedisServer server, bool owned) => (Server, _owned) = (server, owned);

    public RedisServer Server { get; }

    public string Prefix { get; } = $"t{Guid.NewGuid():N}:";

    public string Stream => Prefix + Queue;

    /// <summary>What the stores of this lab said.</summary>
    public LogTail Logged { get; } = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<RedisLab> ShareAsync() => new((await SharedServers.RedisAsync())[0], owned: false);

    /// <summary>With a server of its own, started with <paramref name="options"/>.</summary>
    public static async Task<RedisLab> StartAsync(params string[] options)
    {
        var server = new RedisServer(options: options);
        await server.StartAsync(Stop);
        return new(server, owned: true);
    }

    /// <summary>A store as another process would open it.</summary>
    public async Task<RedisStore> OpenAsync(Action<RedisStoreOptions>? configure = null)
    {
        var store = Make(configure);
        await store.OpenAsync(Stop);
        return store;
    }

    public RedisStore Make(Action<RedisStoreOptions>? configure = null)
    {
        var options = new RedisStoreOptions { Url = Server.Url, Prefix = Prefix, Consumer = $"c{_opened.Count}" };
        configure?.Invoke(options);
        var store = new RedisStore(options, logger: Logged);
        _opened.Add(store);
        return store;
    }

    public Task<object?> ExecuteAsync(params IReadOnlyList<string> command) => Server.ExecuteAsync(command);

    /// <summary>How many entries are pending under which consumer.</summary>
    public async Task<Dictionary<string, long>> ConsumersAsync(string group = "millrace")
    {
        var rows = (object?[])(await ExecuteAsync("XINFO", "CONSUMERS", Stream, group))!;
        return rows.Cast<object?[]>().ToDictionary(row => (string)row[1]!, row => (long)row[3]!);
    }

    /// <summary>The ids of the entries that a plain consumer of the group reads, oldest first.</summary>
    public async Task<string[]> ReadPlainAsync(string consumer, int count, string group = "millrace")
    {
        var reply = (object?[]?)await ExecuteAsync("XREADGROUP", "GROUP", group, consumer, "COUNT", $"{count}", "STREAMS", Stream, ">");
        return reply is null ? [] : [.. ((object?[])((object?[])reply[0]!)[1]!).Select(entry => (string)((object?[])entry!)[0]!)];
    }

    /// <summary>The ids of all entries, oldest first.</summary>
    public async Task<string[]> ReadIdsAsync() => [.. ((object?[])(await ExecuteAsync("XRANGE", Stream, "-", "+"))!).Select(entry => (string)((object?[])entry!)[0]!)];

    public async Task<long> LengthAsync() => (long)(await ExecuteAsync("XLEN", Stream))!;

    /// <summary>The names of the keys beside the stream, without what all have in common.</summary>
    public async Task<string[]> KeysAsync(string pattern = "*", string group = "millrace")
    {
        var before = $"{{{Stream}}}:millrace:{group}:";
        return [.. ((object?[])(await ExecuteAsync("KEYS", before + pattern))!).Select(key => ((string)key!)[before.Length..]).Order(StringComparer.Ordinal)];
    }

    /// <summary>The key under which the only source alive has its marks.</summary>
    public async Task<string> RunningKeyAsync() => $"{{{Stream}}}:millrace:millrace:running:{(string)((object?[])(await ExecuteAsync("ZREVRANGE", $"{{{Stream}}}:millrace:millrace:owners", "0", "0"))!)[0]!}";

    /// <summary>Returns when this delivery alone is marked: a source writes it without telling anybody, so we ask.</summary>
    public async Task MarkedAsync(Delivery delivery)
    {
        var key = await RunningKeyAsync();
        while ((string?)await ExecuteAsync("GET", key) is not { } marks || marks != Entry(delivery))
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
        if (_owned) await Server.DisposeAsync();
    }

    public static SourceOptions Options(Order order = Order.None, TimeSpan? lease = null) => new() { Queue = Queue, Order = order, Lease = lease ?? Lease };

    public static NewJob Job(string body, string? key = null) => new() { Queue = Queue, Key = key, Body = Encoding.UTF8.GetBytes(body) };

    public static NewJob[] Jobs(int count, int keys = 0, int from = 0) =>
        [.. Enumerable.Range(from, count).Select(n => Job(n.ToString(CultureInfo.InvariantCulture), keys == 0 ? null : $"k{n % keys}"))];

    public static string Text(Delivery delivery) => Encoding.UTF8.GetString(delivery.Body.Span);

    public static string[] Texts(IEnumerable<Delivery> deliveries) => [.. deliveries.Select(Text)];

    /// <summary>An entry's id is what stands behind the queue.</summary>
    public static string Entry(Delivery delivery) => delivery.Id[(Queue.Length + 1)..];
}

/// <summary>What these tests say about sources, in fewer words.</summary>
internal static class RedisLabSources
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Exactly so many, in as many fetches as it needs.</summary>
    public static async Task<List<Delivery>> TakeAsync(this Source source, int count)
    {
        List<Delivery> taken = [];
        while (taken.Count < count) taken.AddRange(await source.FetchAsync(new(count - taken.Count), Stop));
        return taken;
    }

    public static async Task<Delivery> TakeAsync(this Source source) => (await source.TakeAsync(1))[0];

    public static ValueTask<IReadOnlyList<Settlement>> TrySettleAsync(this Source source, Outcome outcome, params IReadOnlyList<Delivery> deliveries) =>
        source.SettleAsync([.. deliveries.Select(delivery => new Settlement(delivery, outcome))], Stop);

    /// <summary>Settles and wants it written.</summary>
    public static async Task SettleAllAsync(this Source source, Outcome outcome, params IReadOnlyList<Delivery> deliveries) =>
        Assert.Empty(await source.TrySettleAsync(outcome, deliveries));

    /// <summary>Publishes as a careful publisher does: again and again until the store says that it is stored.</summary>
    public static async Task<EnqueueResult> EnqueuePatientlyAsync(this JobStore store, NewJob job)
    {
        for (; ; )
        {
            try
            {
                return (await store.EnqueueAsync([job], Stop))[0];
            }
            catch (Exception error) when (error is RedisException or RedisTimeoutException or StoreException)
            {
                // Nothing signals that a server takes writes again; so we knock.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
            }
        }
    }

    /// <summary>Fetches as the engine does: again when the source throws.</summary>
    public static async Task<IReadOnlyList<Delivery>> FetchPatientlyAsync(this Source source)
    {
        for (; ; )
        {
            try
            {
                return await source.FetchAsync(new(100), Stop);
            }
            catch (Exception error) when (error is RedisException or RedisTimeoutException or StoreException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
            }
        }
    }

    /// <summary>Nothing is there to be handed out now: a marker published behind everything is all that comes.</summary>
    public static async Task NothingElseAsync(this Source source, JobStore store)
    {
        await store.EnqueueAsync([RedisLab.Job("marker")], Stop);
        var got = await source.FetchAsync(new(100), Stop);
        Assert.Equal(["marker"], RedisLab.Texts(got));
        await source.SettleAllAsync(Outcome.Completed, got);
    }
}
