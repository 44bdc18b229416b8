using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Bench.Measuring;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Diagnostics;
using Millrace.Handling;
using Millrace.Hosting;
using Millrace.Retries;
using Millrace.Settlements;
using Millrace.Sources;

namespace Bench.Dispatching;

/// <summary>The engine alone, from a source that costs nothing to a settlement that costs nothing, beside what a user would write by hand.</summary>
internal sealed class DispatcherBenchmark : IBenchmark
{
    private const int Slots = 24;
    private const int Messages = 2_000_000;
    private const int Keys = 100_000;
    private const int DistinctKeys = 10_000_000;

    public string Name => "dispatcher";

    public string Summary => "dispatcher with no-op handlers beside a bounded Channel<T> with 24 readers, and per key beside a dictionary of queues";

    public Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 3;
        var result = Contest.Run(rounds,
            ("channel", ChannelOnly),
            ("millrace", () => Engine(Order.None, Messages, Messages)),
            ("queues per key", QueuesPerKey),
            ("millrace per key", () => Engine(Order.PerKey, Messages, Keys)));
        var (channel, none) = (result["channel"], result["millrace"]);
        var (naive, keyed) = (result["queues per key"], result["millrace per key"]);
        foreach (var (name, measured) in result)
            Console.WriteLine($"{name,-18} {measured.UnitsPerSecond,12:N0} messages/s  {measured.CpuMicrosecondsPerUnit,6:F2} us CPU  {measured.BytesPerUnit,5:F0} bytes allocated each");
        var ok = Verdict.Print("engine / bare channel, messages/s", none.UnitsPerSecond / channel.UnitsPerSecond, atLeast: 1.0 / 3);
        ok &= Verdict.Print("per key / dictionary of queues, messages/s", keyed.UnitsPerSecond / naive.UnitsPerSecond, atLeast: 0.7);
        ok &= Verdict.PrintAtMost("bytes allocated a delivery above the payload", none.BytesPerUnit, 200);
        ok &= FlatOverDistinctKeys();
        return Task.FromResult(ok ? 0 : 1);
    }

    private static long ChannelOnly()
    {
        var channel = Channel.CreateBounded<Delivery>(new BoundedChannelOptions(4096) { SingleWriter = true });
        var done = new TaskCompletionSource();
        long handled = 0;
        var readers = Enumerable.Range(0, Slots).Select(_ => Task.Run(async () =>
        {
            await foreach (var delivery in channel.Reader.ReadAllAsync())
                if (Interlocked.Increment(ref handled) == Messages) done.SetResult();
        })).ToArray();
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                var delivery = new Delivery(i) { Queue = "bench", Body = NoCostSource.Body };
                if (!channel.Writer.TryWrite(delivery)) await channel.Writer.WriteAsync(delivery);
            }

            channel.Writer.Complete();
        });
        Task.WaitAll([done.Task, writer, .. readers]);
        return handled;
    }

    private static long QueuesPerKey()
    {
        var keys = NoCostSource.KeyNames(Keys);
        var queues = new ConcurrentDictionary<string, ConcurrentQueue<Delivery>>();
        var ready = Channel.CreateBounded<string>(new BoundedChannelOptions(4096) { SingleWriter = false });
        var busy = new ConcurrentDictionary<string, byte>();
        long handled = 0;
        var readers = Enumerable.Range(0, Slots).Select(_ => Task.Run(async () =>
        {
            await foreach (var key in ready.Reader.ReadAllAsync())
            {
                var queue = queues[key];
                while (true)
                {
                    while (queue.TryDequeue(out var delivery))
                        if (Interlocked.Increment(ref handled) == Messages) ready.Writer.Complete();
                    busy.TryRemove(key, out var _);
                    if (queue.IsEmpty || !busy.TryAdd(key, 0)) break;
                }
            }
        })).ToArray();
        var writer = Task.Run(async () =>
        {
            for (var i = 0; i < Messages; i++)
            {
                var key = keys[i % Keys];
                queues.GetOrAdd(key, static _ => new()).Enqueue(new Delivery(i) { Queue = "bench", Body = NoCostSource.Body, Key = key });
                if (busy.TryAdd(key, 0) && !ready.Writer.TryWrite(key)) await ready.Writer.WriteAsync(key);
            }
        });
        Task.WaitAll([writer, .. readers]);
        return handled;
    }

    private static long Engine(Order order, int messages, int keys)
    {
        RunEngineAsync(new NoCostSource(order, messages, order == Order.None ? null : NoCostSource.KeyNames(keys))).GetAwaiter().GetResult();
        return messages;
    }

    private static async Task RunEngineAsync(NoCostSource source)
    {
        var worker = new WorkerRegistration("bench", new WorkerOptions { Concurrency = Slots, Order = source.Options.Order }, Call, null);
        var tools = new WorkerTools(TimeProvider.System, new Random(1), NullLogger.Instance);
        var meters = new WorkerMeters("bench", "bench", "memory");
        var settings = new PipelineSettings
        {
            Worker = "bench",
            Source = source,
            Retries = new(new RetryOptions(), tools.Random),
            Time = tools.Time,
            Logger = tools.Logger,
            Meters = meters,
        };
        using var quiet = new CancellationTokenSource();
        await using var run = new WorkerRun(source, worker, Call(settings), new SettlementLog(), meters, tools);
        var running = run.RunAsync(paused: false, quiet.Token, CancellationToken.None);
        await source.AllSettled;
        await quiet.CancelAsync();
        await running;
    }

    private static HandlerCall Call(PipelineSettings settings)
    {
        var handler = new SingleHandler<ReadOnlyMemory<byte>>(new NoOp(), MessageReaders.Raw, settings.MaxBodyBytes);
        return new(new HandlerPipeline(settings, handler.InvokeAsync).RunAsync, null);
    }

    private static bool FlatOverDistinctKeys()
    {
        var source = new NoCostSource(Order.PerKey, DistinctKeys, null) { FreshKeys = true };
        var (first, most) = (0L, 0L);
        source.EveryMillion = _ =>
        {
            var now = GC.GetTotalMemory(forceFullCollection: true);
            if (first == 0) first = now;
            most = Math.Max(most, now);
        };
        RunEngineAsync(source).GetAwaiter().GetResult();
        Console.WriteLine($"{DistinctKeys:N0} distinct keys: live memory {first / 1048576.0:F1} MiB after the first million, {most / 1048576.0:F1} MiB at most");
        return Verdict.PrintAtMost("live memory at most / after the first million keys", (double)most / first, 1.25);
    }

    private sealed class NoOp : IHandler<ReadOnlyMemory<byte>>
    {
        public ValueTask HandleAsync(ReadOnlyMemory<byte> message, HandlerContext context, CancellationToken stopping) => default;
    }
}
