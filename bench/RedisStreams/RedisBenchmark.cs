using System.Text;
using Bench.Measuring;
using Millrace.Outcomes;
using Millrace.Redis;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage;
using Servers;
using StackExchange.Redis;
using Order = Millrace.Sources.Order;

namespace Bench.RedisStreams;

/// <summary>The Redis Streams source against raw loops over the same client: equal entries, equal batches, alternating, the server beside them.</summary>
internal sealed class RedisBenchmark : IBenchmark
{
    private const int Rounds = 5;
    private const int Entries = 100_000;
    private const int Keys = 10_000;
    private const int Batch = 500;
    private const string Group = "bench";

    private static readonly byte[] s_body = Encoding.UTF8.GetBytes(new string('x', 200));

    private int _runs;

    public string Name => "redis";

    public string Summary => "the Redis Streams source against raw StackExchange.Redis loops";

    public async Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        await using var server = await RedisServer.StartNewAsync(stopping);
        await using var raw = await ConnectionMultiplexer.ConnectAsync(server.Address);
        await using var trimming = await OpenAsync(server, FreeEntries.Trim);
        await using var deleting = await OpenAsync(server, FreeEntries.Delete);
        var database = raw.GetDatabase();
        var contest = new ServerContest(server, Entries);
        await contest.RunAsync(
            Rounds,
            new("raw", () => FillRaw(database), stream => RawReadAsync(database, stream)),
            new("ours", () => Fill(trimming, database), queue => ReadAsync(trimming, Order.None, queue)),
            new("deleting", () => Fill(deleting, database), queue => ReadAsync(deleting, Order.None, queue)),
            new("ordered", () => Fill(trimming, database), queue => ReadAsync(trimming, Order.PerKey, queue)),
            new("raw publish", () => $"raw:{++_runs}", stream => PublishRawAsync(database, stream)),
            new("publish", () => $"queue-{++_runs}", queue => PublishAsync(trimming, queue)));
        contest.Print();
        var met = Verdict.Print("read + no-op + acknowledge / raw XREADGROUP + pipelined XACK", contest.Ratio("ours", "raw"), 0.7);
        Console.WriteLine($"entries deleted one by one / raw: {contest.Ratio("deleting", "raw"):0.00}");
        Console.WriteLine($"order per key over {Keys:N0} keys / raw: {contest.Ratio("ordered", "raw"):0.00}");
        Console.WriteLine($"publish in batches of {Batch} / raw pipelined XADD: {contest.Ratio("publish", "raw publish"):0.00}");
        return met ? 0 : 1;
    }

    private static async Task<RedisStore> OpenAsync(RedisServer server, FreeEntries free)
    {
        var store = new RedisStore(new RedisStoreOptions { Url = server.Url, Group = Group, Free = free, Prefix = $"{free}:" });
        await store.OpenAsync(CancellationToken.None);
        return store;
    }

    private string FillRaw(IDatabase database)
    {
        var stream = $"raw:{++_runs}";
        AddAll(database, stream);
        database.StreamCreateConsumerGroup(stream, Group, "0");
        return stream;
    }

    /// <summary>The same entries the same way, so that no contender finds a better laid stream.</summary>
    private string Fill(RedisStore store, IDatabase database)
    {
        var queue = $"queue-{++_runs}";
        // One message through the front door makes the queue known.
        store.EnqueueAsync([new NewJob { Queue = queue, Body = s_body }], CancellationToken.None).AsTask().GetAwaiter().GetResult();
        AddAll(database, $"{(database.KeyExists($"{FreeEntries.Trim}:{queue}") ? FreeEntries.Trim : FreeEntries.Delete)}:{queue}");
        return queue;
    }

    private static void AddAll(IDatabase database, string stream)
    {
        var adding = new Task[Entries];
        for (var i = 0; i < Entries; i++) adding[i] = database.StreamAddAsync(stream, [new("body", s_body), new("key", $"key-{i % Keys}")]);
        Task.WaitAll(adding);
    }

    private static async Task RawReadAsync(IDatabase database, string stream)
    {
        var acknowledging = new List<Task>();
        var count = 0L;
        while (count < Entries)
        {
            var entries = await database.StreamReadGroupAsync(stream, Group, "one", StreamPosition.NewMessages, Batch);
            count += entries.Length;
            acknowledging.Add(database.StreamAcknowledgeAsync(stream, Group, [.. entries.Select(entry => entry.Id)]));
        }

        await Task.WhenAll(acknowledging);
        await database.KeyDeleteAsync(stream);
    }

    private static async Task ReadAsync(RedisStore store, Order order, string queue)
    {
        await using var source = store.OpenSource(new SourceOptions { Queue = queue, Order = order });
        var settling = Task.CompletedTask;
        var count = 0L;
        while (count < Entries)
        {
            var deliveries = await source.FetchAsync(new FetchLimit(Batch), CancellationToken.None);
            count += deliveries.Count;
            await settling;
            settling = source.SettleAsync([.. deliveries.Select(delivery => new Settlement(delivery, Outcome.Completed))], CancellationToken.None).AsTask();
        }

        await settling;
    }

    private static async Task PublishRawAsync(IDatabase database, string stream)
    {
        AddAll(database, stream);
        await database.KeyDeleteAsync(stream);
    }

    private static async Task PublishAsync(RedisStore store, string queue)
    {
        var jobs = Enumerable.Range(0, Batch).Select(i => new NewJob { Queue = queue, Body = s_body, Key = $"key-{i}" }).ToArray();
        for (var sent = 0; sent < Entries; sent += Batch) await store.EnqueueAsync(jobs, CancellationToken.None);
    }
}
