using System.Globalization;
using Bench.Measuring;
using Servers;

namespace Bench.PostgresWriting;

/// <summary>The firehose writer into PostgreSQL, as the engine drives it, beside a bare Npgsql loop that writes the same records into the same tables; server on the same cores.</summary>
internal sealed class PostgresWriterBenchmark : IBenchmark
{
    private const int Rounds = 3;
    private const int Times = 4;
    private const int OfferedPerSecond = 5_000;

    public string Name => "postgres-writer";

    public string Summary => "the firehose writer into PostgreSQL beside a bare Npgsql loop that inserts the same records; statements an event; latency at 5,000 events/s";

    public async Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        int[] batchSizes = args.Length > 0 ? [.. args.Select(arg => int.Parse(arg, CultureInfo.InvariantCulture))] : [500, 2_000];
        var events = RecordedEvents.Load(Path.Combine(AppContext.BaseDirectory, "data", "firehose", "bench.frames.gz"), Times);
        var bare = new BareLoop(events.Puts());
        await using var server = await PostgresServer.StartNewAsync(stopping);
        var databases = new Queue<string>();
        for (var needed = (batchSizes.Length + 1) * (Rounds + 1) + 1; needed > 0; needed--) databases.Enqueue(await WriterRun.CreateDatabaseAsync(server));

        using var statements = new StatementCount();
        var counts = new Dictionary<int, double>();
        var contenders = batchSizes
            .Select(size => (Name: NameOf(size), Work: (Func<long>)(() => Wait(WriteAsync(size)))))
            .Append(("bare loop", () => Wait(bare.RunAsync(server.ConnectionStringTo(databases.Dequeue())))));
        var result = Contest.Run(Rounds, [.. contenders]);
        foreach (var (name, measured) in result)
            Console.WriteLine($"{name,-16} {measured.UnitsPerSecond,9:N0} records/s  {measured.CpuMicrosecondsPerUnit,6:F1} us CPU here  {measured.BytesPerUnit,7:N0} bytes allocated a record");
        var ok = true;
        foreach (var size in batchSizes)
        {
            ok &= Verdict.Print($"writer in {NameOf(size)} / bare loop, records/s", result[NameOf(size)].UnitsPerSecond / result["bare loop"].UnitsPerSecond, atLeast: 0.5);
            ok &= Verdict.PrintAtMost($"SQL statements per 1,000 events in {NameOf(size)}", counts[size], 60);
        }

        await using var run = new WriterRun(server, databases.Dequeue());
        var (half, most) = await run.MeasureLatencyAsync(events, OfferedPerSecond, stopping);
        ok &= Verdict.PrintAtMost($"at {OfferedPerSecond:N0} events/s offered, queued to committed, p50 in ms", half, 20);
        ok &= Verdict.PrintAtMost("p99 in ms", most, 100);
        return ok ? 0 : 1;

        async Task WriteAsync(int batchSize)
        {
            await using var run = new WriterRun(server, databases.Dequeue());
            var before = statements.Count;
            await run.WriteAsync(events, batchSize);
            counts[batchSize] = (statements.Count - before) * 1_000.0 / events.Deliveries.Count;
        }

        long Wait(Task work)
        {
            work.GetAwaiter().GetResult();
            return events.Records;
        }
    }

    private static string NameOf(int batchSize) => $"batches of {batchSize}";
}
