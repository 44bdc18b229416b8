using System.Diagnostics;
using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Bench.Sqlite;

/// <summary>The embedded store against raw loops over the same library: durable, 100-byte payload, equal batches, alternating.</summary>
internal sealed class SqliteBenchmark : IBenchmark
{
    private const int Rounds = 3;
    private const int Jobs = 50_000;
    private const int Batch = 500;
    private const int Publishers = 24;

    /// <summary>Publishing alone is over so soon that a round of it publishes all jobs several times.</summary>
    private const int Passes = 4;

    private readonly byte[][] _bodies = [.. Enumerable.Range(0, Jobs).Select(n => (byte[])[.. BitConverter.GetBytes(n), .. Enumerable.Range(0, 96).Select(i => (byte)i)])];

    public string Name => "sqlite";

    public string Summary => "the embedded store against raw Microsoft.Data.Sqlite loops, durable";

    public async Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        var met = true;
        met &= Report("bulk publish", "jobs/s", 0.7, await AlternateAsync(RawInsertAsync, StoreInsertAsync, stopping));
        met &= Report("publish + fetch + settle", "jobs/s", 0.5, await AlternateAsync(RawPathAsync, StorePathAsync, stopping));
        met &= Report("the same with order per key, 10,000 keys", "jobs/s", 0.5, await AlternateAsync(RawPathAsync, StoreKeysAsync, stopping));
        met &= Report($"{Publishers} publishers, one job each, against one", "jobs/s", 5, await AlternateAsync(RawSingleAsync, StoreSingleAsync, stopping));
        await ReportLatencyAsync(stopping);
        return met ? 0 : 1;
    }

    private static bool Report(string what, string unit, double goal, (double Raw, double Ours) rates)
    {
        var ratio = rates.Ours / rates.Raw;
        Console.WriteLine($"{what}: raw {rates.Raw:N0} {unit}, Millrace {rates.Ours:N0} {unit}, ratio {ratio:F2} (goal at least {goal}) {(ratio >= goal ? "met" : "MISSED")}");
        return ratio >= goal;
    }

    /// <summary>One round of each to warm up, then the medians of three, in turns.</summary>
    private static async Task<(double Raw, double Ours)> AlternateAsync(
        Func<string, CancellationToken, Task<double>> raw, Func<string, CancellationToken, Task<double>> ours, CancellationToken stopping)
    {
        List<double> rawRates = [], ourRates = [];
        for (var round = 0; round <= Rounds; round++)
        {
            var (rawRate, ourRate) = (await InFolderAsync(raw, stopping), await InFolderAsync(ours, stopping));
            if (round == 0) continue;
            rawRates.Add(rawRate);
            ourRates.Add(ourRate);
        }

        return (Median(rawRates), Median(ourRates));
    }

    private static async Task<T> InFolderAsync<T>(Func<string, CancellationToken, Task<T>> run, CancellationToken stopping)
    {
        var folder = Directory.CreateTempSubdirectory("millrace-bench-");
        try
        {
            return await run(Path.Combine(folder.FullName, "jobs.db"), stopping);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Task<double> RawInsertAsync(string path, CancellationToken stopping)
    {
        using var table = new RawQueue(path, index: false);
        var started = Stopwatch.GetTimestamp();
        for (var pass = 0; pass < Passes; pass++)
            foreach (var batch in _bodies.Chunk(Batch)) table.Insert(batch);
        return Task.FromResult(Rate(Jobs * Passes, started));
    }

    private async Task<double> StoreInsertAsync(string path, CancellationToken stopping)
    {
        await using var store = await OpenAsync(path, stopping);
        var started = Stopwatch.GetTimestamp();
        for (var pass = 0; pass < Passes; pass++)
            foreach (var batch in _bodies.Chunk(Batch)) await store.EnqueueAsync(ToJobs(batch), stopping);
        return Rate(Jobs * Passes, started);
    }

    private Task<double> RawPathAsync(string path, CancellationToken stopping)
    {
        using var queue = new RawQueue(path, index: true);
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in _bodies.Chunk(Batch)) queue.Insert(batch);
        var claimed = queue.CompleteAndClaim([], Batch);
        while (claimed.Count > 0) claimed = queue.CompleteAndClaim(claimed, Batch);
        return Task.FromResult(Rate(Jobs, started));
    }

    /// <summary>As the engine does it: what is done goes back while the next is asked for.</summary>
    private Task<double> StorePathAsync(string path, CancellationToken stopping) => PathAsync(path, Order.None, ToJobs, stopping);

    private Task<double> StoreKeysAsync(string path, CancellationToken stopping) => PathAsync(path, Order.PerKey, ToKeyedJobs, stopping);

    private async Task<double> PathAsync(string path, Order order, Func<byte[][], NewJob[]> toJobs, CancellationToken stopping)
    {
        await using var store = await OpenAsync(path, stopping);
        await using var source = store.OpenSource(new SourceOptions { Queue = "bench", Order = order });
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in _bodies.Chunk(Batch)) await store.EnqueueAsync(toJobs(batch), stopping);
        var claimed = await source.FetchAsync(new FetchLimit(Batch), stopping);
        for (var handled = claimed.Count; ; handled += claimed.Count)
        {
            foreach (var delivery in claimed)
            {
                await source.MarkRunningAsync(delivery);
                source.MarkDone(delivery);
            }

            var settling = source.SettleAsync([.. claimed.Select(delivery => new Settlement(delivery, Outcome.Completed))], stopping);
            if (handled == Jobs)
            {
                await settling;
                return Rate(Jobs, started);
            }

            var fetching = source.FetchAsync(new FetchLimit(Batch), stopping);
            await settling;
            claimed = await fetching;
        }
    }

    private Task<double> RawSingleAsync(string path, CancellationToken stopping)
    {
        const int count = 400;
        using var table = new RawQueue(path, index: false);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++) table.Insert([_bodies[i]]);
        return Task.FromResult(Rate(count, started));
    }

    private async Task<double> StoreSingleAsync(string path, CancellationToken stopping)
    {
        const int each = 200;
        await using var store = await OpenAsync(path, stopping);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(
            async () =>
            {
                for (var i = 0; i < each; i++) await store.EnqueueAsync(ToJobs([_bodies[(publisher * each) + i]]), stopping);
            },
            stopping)));
        return Rate(Publishers * each, started);
    }

    private async Task ReportLatencyAsync(CancellationToken stopping)
    {
        var latencies = await InFolderAsync(LatencyAsync, stopping);
        latencies.Sort();
        Console.WriteLine($"latency from publish to handed over at 200/s: p50 {latencies[latencies.Count / 2]:F2} ms, p99 {latencies[latencies.Count * 99 / 100]:F2} ms");
    }

    private async Task<List<double>> LatencyAsync(string path, CancellationToken stopping)
    {
        const int count = 800;
        await using var store = await OpenAsync(path, stopping);
        await using var source = store.OpenSource(new SourceOptions { Queue = "bench" });
        var handling = HandleAsync(source, count, stopping);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        List<Task> publishing = [];
        for (var i = 0; i < count && await ticks.WaitForNextTickAsync(stopping); i++)
            publishing.Add(store.EnqueueAsync([new NewJob { Queue = "bench", Body = BitConverter.GetBytes(Stopwatch.GetTimestamp()) }], stopping).AsTask());
        await Task.WhenAll(publishing);
        return await handling;
    }

    private static async Task<List<double>> HandleAsync(Source source, int count, CancellationToken stopping)
    {
        List<double> latencies = [];
        List<Task> settling = [];
        while (latencies.Count < count)
        {
            var deliveries = await source.FetchAsync(new FetchLimit(100), stopping);
            foreach (var delivery in deliveries) latencies.Add(Stopwatch.GetElapsedTime(BitConverter.ToInt64(delivery.Body.Span)).TotalMilliseconds);
            settling.Add(source.SettleAsync([.. deliveries.Select(delivery => new Settlement(delivery, Outcome.Completed))], stopping).AsTask());
        }

        await Task.WhenAll(settling);
        return latencies;
    }

    private static async Task<SqliteStore> OpenAsync(string path, CancellationToken stopping)
    {
        var store = new SqliteStore(new SqliteStoreOptions { Path = path, Strict = true });
        await store.OpenAsync(stopping);
        return store;
    }

    private static NewJob[] ToJobs(byte[][] bodies) => Array.ConvertAll(bodies, body => new NewJob { Queue = "bench", Body = body });

    private static NewJob[] ToKeyedJobs(byte[][] bodies) =>
        Array.ConvertAll(bodies, body => new NewJob { Queue = "bench", Body = body, Key = $"did:plc:{BitConverter.ToInt32(body) * 7919L % 10_000:d24}" });

    private static double Rate(int count, long started) => count / Stopwatch.GetElapsedTime(started).TotalSeconds;

    private static double Median(List<double> rates)
    {
        rates.Sort();
        return rates[rates.Count / 2];
    }
}
