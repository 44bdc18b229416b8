using System.Buffers;
using System.Diagnostics;
using Bench.Measuring;
using Bench.Replaying;
using Firehose.Decoding;
using Firehose.Relay;
using Firehose.Writing;
using Millrace.Redis;
using Millrace.Storage;
using Servers;

namespace Bench.WholeFirehose;

/// <summary>The firehose on Redis and PostgreSQL as a user runs it, and a plain asyncio consumer of the same stream, with the servers beside them on the same processors.</summary>
internal sealed class WholeFirehoseBenchmark : IBenchmark
{
    private const int Rounds = 3;
    private const int Passes = 16;
    private const int OfferedPerSecond = 5_000;
    private const string Stream = "firehose:events";
    private const string Group = "firehose-processors";

    private static readonly string s_recording = Path.Combine(AppContext.BaseDirectory, "data", "firehose", "bench.frames.gz");

    public string Name => "whole";

    public string Summary => "the firehose on Redis and PostgreSQL, relay to committed rows, and a plain asyncio consumer of the same stream";

    public async Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        var once = LoopedRecording.Load(s_recording, 1);
        var looped = LoopedRecording.Load(s_recording, Passes);
        await using var ground = await Ground.StartAsync(stopping);
        List<Run> whole = [], writer = [], plain = [];
        for (var round = 0; round < Rounds; round++)
        {
            plain.Add(await RunPlainAsync(ground, once, stopping));
            writer.Add(await RunWriterAsync(ground, looped, stopping));
            whole.Add(await RunWholeAsync(ground, looped, stopping));
        }

        Print("plain asyncio consumer", plain);
        Print("our writer alone", writer);
        Print("our whole firehose", whole);
        var met = Verdict.Print("writer / plain consumer, events/s", Median(writer, run => run.EventsPerSecond) / Median(plain, run => run.EventsPerSecond), 15);
        met &= Verdict.Print("CPU an event, servers included: plain consumer / writer", Median(plain, run => run.CpuMicroseconds) / Median(writer, run => run.CpuMicroseconds), 15);
        met &= Verdict.PrintAtMost("peak memory of the whole firehose, MB", Median(whole, run => run.PeakMemory / 1e6), 400);
        met &= Verdict.PrintAtMost("first event committed after start of the process, s", Median(whole, run => run.FirstEvent), 1);
        met &= await ReportCountsAsync(ground, looped, stopping);
        met &= await ReportLatencyAsync(ground, looped, stopping);
        return met ? 0 : 1;
    }

    private static void Print(string name, List<Run> runs) => Console.WriteLine(
        $"{name,-24} {Median(runs, run => run.EventsPerSecond),9:N0} events/s  {Median(runs, run => run.CpuMicroseconds) / 10,7:F1} s CPU for 100,000 events ({Median(runs, run => run.OwnMicroseconds) / 10:F1} s ours or its own, the rest the servers')  {Median(runs, run => run.PeakMemory / 1e6),5:F0} MB");

    /// <summary>A full stream, then the plain consumer until it is drained.</summary>
    private static async Task<Run> RunPlainAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        await ground.ClearAsync(stopping);
        await MakeTablesAsync(ground, stopping);
        await FillAsync(ground, frames, stopping);
        var (servers, started) = (await ground.ServerSecondsAsync(), Stopwatch.GetTimestamp());
        await using var child = new PlainConsumer("bench/PlainConsumer", Variables(ground), "--drain");
        await child.StartAsync(stopping);
        var ended = child.ExitAsync(stopping);
        var (own, peak, process) = (0.0, 0L, child.ProcessId);
        while (await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, stopping)) != ended)
        {
            own = Math.Max(own, ProcessCpu.Seconds(process));
            peak = Math.Max(peak, ProcessCpu.PeakMemory(process));
        }

        await ended;
        return new Run(frames.Count, Stopwatch.GetElapsedTime(started).TotalSeconds, own, await ground.ServerSecondsAsync() - servers, peak, 0);
    }

    /// <summary>The same, with our writer.</summary>
    private static async Task<Run> RunWriterAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        await ground.ClearAsync(stopping);
        await MakeTablesAsync(ground, stopping);
        await FillAsync(ground, frames, stopping);
        using var directory = new ScratchDirectory();
        var (servers, started) = (await ground.ServerSecondsAsync(), Stopwatch.GetTimestamp());
        await using var child = await WorkerChild.StartAsync(directory.Path, Variables(ground, ("WORKER_TYPE", "firehose-writer")), stopping);
        await UntilFinishedAsync(ground, stopping);
        return new Run(frames.Count, Stopwatch.GetElapsedTime(started).TotalSeconds, child.CpuSeconds, await ground.ServerSecondsAsync() - servers, child.PeakMemory, 0);
    }

    /// <summary>Relay to rows, from the start of the process.</summary>
    private static async Task<Run> RunWholeAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        await ground.ClearAsync(stopping);
        await using var relay = await RecordedRelay.StartAsync(frames, stopping: stopping);
        using var directory = new ScratchDirectory();
        var (servers, started) = (await ground.ServerSecondsAsync(), Stopwatch.GetTimestamp());
        await using var child = await WorkerChild.StartAsync(directory.Path, Variables(ground, ("RELAY_URL", relay.Url.OriginalString)), stopping);
        await UntilReadAsync(child, relay.Head, stopping);
        await UntilFinishedAsync(ground, stopping);
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var first = (await child.StateAsync(stopping)).GetProperty("firstEventAt").GetDateTimeOffset() - child.StartedAt;
        return new Run(frames.Count, elapsed, child.CpuSeconds, await ground.ServerSecondsAsync() - servers, child.PeakMemory, first.TotalSeconds);
    }

    /// <summary>Counted in a run of its own: Redis tells of each command, which costs.</summary>
    private static async Task<bool> ReportCountsAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        await ground.ClearAsync(stopping);
        await using var commands = await CommandCount.StartAsync(ground.RedisPort, stopping);
        await using var relay = await RecordedRelay.StartAsync(frames, stopping: stopping);
        using var directory = new ScratchDirectory();
        await using var child = await WorkerChild.StartAsync(directory.Path, Variables(ground, ("RELAY_URL", relay.Url.OriginalString)), stopping);
        await UntilReadAsync(child, relay.Head, stopping);
        await UntilFinishedAsync(ground, stopping);
        var thousands = frames.Count / 1000.0;
        var met = Verdict.PrintAtMost("SQL statements for 1,000 events", await ground.StatementsAsync(stopping) / thousands, 60);
        return met & Verdict.PrintAtMost("Redis commands for 1,000 events", commands.Commands / thousands, 40);
    }

    private static async Task<bool> ReportLatencyAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        await ground.ClearAsync(stopping);
        await using var relay = await RecordedRelay.StartAsync(frames, new RecordedRelayOptions { FramesPerSecond = OfferedPerSecond }, stopping: stopping);
        using var directory = new ScratchDirectory();
        await using var child = await WorkerChild.StartAsync(directory.Path, Variables(ground, ("RELAY_URL", relay.Url.OriginalString)), stopping);
        // The first quarter warms up.
        await UntilReadAsync(child, relay.Head / 4, stopping);
        var before = await child.HistogramAsync("firehose_commit_latency_seconds", stopping);
        await UntilReadAsync(child, relay.Head, stopping);
        await UntilFinishedAsync(ground, stopping);
        var after = await child.HistogramAsync("firehose_commit_latency_seconds", stopping);
        var counts = after.Select(bucket => (bucket.Bound, Count: bucket.Count - before.FirstOrDefault(earlier => earlier.Bound == bucket.Bound).Count)).ToList();
        var met = Verdict.PrintAtMost($"Redis to committed at {OfferedPerSecond:N0} events/s, p50, ms at most", Quantile(counts, 0.5) * 1000, 20);
        return met & Verdict.PrintAtMost($"Redis to committed at {OfferedPerSecond:N0} events/s, p99, ms at most", Quantile(counts, 0.99) * 1000, 100);
    }

    /// <summary>The bound of the bucket in which the quantile lies: no less than the quantile itself.</summary>
    private static double Quantile(List<(double Bound, long Count)> buckets, double quantile) =>
        buckets.First(bucket => bucket.Count >= buckets[^1].Count * quantile).Bound;

    private static async Task UntilReadAsync(WorkerChild child, long head, CancellationToken stopping)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await look.WaitForNextTickAsync(stopping))
            if ((await child.StateAsync(stopping)).GetProperty("cursor") is { ValueKind: System.Text.Json.JsonValueKind.Number } cursor && cursor.GetInt64() >= head)
                return;
    }

    private static async Task UntilFinishedAsync(Ground ground, CancellationToken stopping)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await look.WaitForNextTickAsync(stopping))
            if (await ground.UnfinishedAsync(Stream, Group) == 0)
                return;
    }

    private static Dictionary<string, string> Variables(Ground ground, params (string Name, string Value)[] more) =>
        new((IEnumerable<KeyValuePair<string, string>>)[new("REDIS_URL", ground.RedisUrl), new("DATABASE_URL", ground.DatabaseUrl), .. more.Select(pair => new KeyValuePair<string, string>(pair.Name, pair.Value))]);

    /// <summary>Our own migrations: the tables are the same for all.</summary>
    private static async Task MakeTablesAsync(Ground ground, CancellationToken stopping)
    {
        await using var relay = await RecordedRelay.StartAsync([], stopping: stopping);
        using var directory = new ScratchDirectory();
        await using var child = await WorkerChild.StartAsync(directory.Path, Variables(ground, ("RELAY_URL", relay.Url.OriginalString)), stopping);
    }

    /// <summary>Puts the events into the stream as the reader does.</summary>
    private static async Task FillAsync(Ground ground, IReadOnlyList<RecordedFrame> frames, CancellationToken stopping)
    {
        var options = new RedisStoreOptions { Url = ground.RedisUrl, Group = Group };
        options.StreamKeys[QueuedFrame.Queue] = Stream;
        await using var store = new RedisStore(options);
        await store.OpenAsync(stopping);
        foreach (var chunk in frames.Chunk(500))
        {
            var jobs = chunk.Select(frame =>
            {
                var decoded = FrameDecoder.Decode(frame.Bytes);
                var body = new ArrayBufferWriter<byte>();
                FrameBody.Write(decoded, body);
                return new NewJob { Queue = QueuedFrame.Queue, Key = decoded.Did, Body = body.WrittenMemory };
            }).ToArray();
            await store.EnqueueAsync(jobs, stopping);
        }
    }

    private static double Median(List<Run> runs, Func<Run, double> figure) => runs.Select(figure).Order().ElementAt(runs.Count / 2);

    private readonly record struct Run(long Events, double Seconds, double OwnSeconds, double ServerSeconds, double PeakMemory, double FirstEvent)
    {
        public double EventsPerSecond => Events / Seconds;

        public double OwnMicroseconds => OwnSeconds * 1e6 / Events;

        public double CpuMicroseconds => (OwnSeconds + ServerSeconds) * 1e6 / Events;
    }
}
