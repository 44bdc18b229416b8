using Millrace.Retries;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Tests.Dispatch;

/// <summary>Order per key while things fail, and everything else going on meanwhile.</summary>
public sealed class OrderTests
{
    private readonly Seen _seen = new();

    [Fact]
    public async Task A_delivery_that_waits_for_its_retry_parks_its_key_and_no_other()
    {
        var open = new TaskCompletionSource();
        await using var host = await StartAsync(async (body, context, stopping) =>
        {
            if (body == "k1" && context.Delivery.Attempt == 1) throw new InvalidOperationException("not yet");
            if (body == "k1") await open.Task.WaitAsync(stopping);
            _seen.Add(body);
        });
        await PublishAsync(host.Store, ("k", "k1"), ("k", "k2"), ("k", "k3"), ("m", "m1"), ("m", "m2"), (null, "free"));
        await _seen.CountAsync(3);
        Assert.Equal(["free", "m1", "m2"], _seen.All.Order());
        open.SetResult();
        await _seen.CountAsync(6);
        Assert.Equal(["k1", "k2", "k3"], _seen.All.Skip(3));
    }

    [Fact]
    public async Task With_hold_a_dead_head_keeps_its_key_until_it_is_requeued_and_then_runs_first()
    {
        var healed = false;
        await using var host = await StartAsync((body, _, _) =>
        {
            if (body == "k1" && !healed) throw new PermanentException("broken");
            _seen.Add(body);
            return default;
        }, options => options.DeadHead = DeadHeadPolicy.Hold);
        await PublishAsync(host.Store, ("k", "k1"), ("k", "k2"), ("m", "m1"));
        await _seen.CountAsync(1);
        while ((await host.DeadLettersAsync()).Count == 0) await Task.Yield();
        Assert.Equal(["m1"], _seen.All);
        healed = true;
        Assert.Single(await host.Store.RequeueAsync(new() { Queue = "rows" }, "ana", EngineHost.Stop));
        await _seen.CountAsync(3);
        Assert.Equal(["m1", "k1", "k2"], _seen.All);
    }

    [Fact]
    public async Task With_continue_a_dead_head_lets_its_key_go_on()
    {
        await using var host = await StartAsync((body, _, _) =>
        {
            if (body == "k1") throw new PermanentException("broken");
            _seen.Add(body);
            return default;
        });
        await PublishAsync(host.Store, ("k", "k1"), ("k", "k2"));
        await _seen.CountAsync(1);
        Assert.Equal(["k2"], _seen.All);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Random_failures_never_break_the_order_of_a_key(int seed)
    {
        const int Keys = 20, PerKey = 50;
        var effects = new Dictionary<string, List<int>>();
        var gate = new Lock();
        var random = new Random(seed);
        await using var host = await StartAsync(async (body, context, _) =>
        {
            if (context.Delivery.Number % 3 == 0) await Task.Yield();
            lock (gate)
            {
                var dice = random.Next(10);
                if (dice == 0 && context.Delivery.Attempt < 8) throw new InvalidOperationException("dice");
                if (dice == 1 && context.Delivery.Snoozes < 5)
                {
                    context.Snooze(TimeSpan.FromTicks(1));
                    return;
                }

                (effects.TryGetValue(context.Delivery.Key!, out var list) ? list : effects[context.Delivery.Key!] = []).Add(int.Parse(body, System.Globalization.CultureInfo.InvariantCulture));
            }

            _seen.Add(body);
        });
        await PublishAsync(host.Store, [.. Enumerable.Range(0, PerKey * Keys).Select(i => ((string?)$"key{i % Keys}", $"{i / Keys}"))]);
        await _seen.CountAsync(Keys * PerKey);
        await host.StopAsync();
        Assert.All(effects.Values, list => Assert.Equal(Enumerable.Range(0, PerKey), list));
        Assert.Equal(0, host.Control.Status.Workers[0].InFlight);
    }

    [Fact]
    public async Task What_is_in_flight_never_exceeds_the_bounds_in_count_and_bytes()
    {
        var most = (Count: 0, Bytes: 0L);
        var gate = new Lock();
        EngineHost? host = null;
        await using var started = host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", (_, _, _) =>
        {
            var now = host?.Control.Status.Workers[0];
            lock (gate) most = (Math.Max(most.Count, now?.InFlight ?? 0), Math.Max(most.Bytes, now?.InFlightBytes ?? 0));
            _seen.Add("");
            return default;
        }, options => (options.Concurrency, options.MaxInFlight, options.MaxInFlightBytes, options.MaxBodyBytes) = (4, 50, 64 * 1024, 64 * 1024)));
        await host.Client.PublishManyAsync("rows", [.. Enumerable.Range(0, 500).Select(i => (ReadOnlyMemory<byte>)new byte[i % 7 * 1024])], stopping: EngineHost.Stop);
        await _seen.CountAsync(500);
        Assert.InRange(most.Count, 1, 50);
        // A source may cross the byte budget by the one delivery that reaches it.
        Assert.InRange(most.Bytes, 1, (64 * 1024) + (7 * 1024) + (50 * 256));
    }

    [Fact]
    public async Task Concurrency_changes_while_handlers_run()
    {
        var release = new TaskCompletionSource();
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", async (_, _, stopping) =>
        {
            _seen.Add("in");
            await release.Task.WaitAsync(stopping);
        }, options => options.Concurrency = 1));
        await host.Client.PublishManyAsync("rows", [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[1], 10)], stopping: EngineHost.Stop);
        await _seen.CountAsync(1);
        Assert.Equal(1, host.Control.Status.Workers[0].Running);
        await host.Control.SetConcurrencyAsync("rows", 4, "ana", EngineHost.Stop);
        await _seen.CountAsync(4);
        Assert.Equal(4, host.Control.Status.Workers[0].Running);
        await host.Control.SetConcurrencyAsync("rows", 2, "ana", EngineHost.Stop);
        release.SetResult();
        await _seen.CountAsync(10);
        Assert.Equal(2, host.Control.Status.Workers[0].Concurrency);
    }

    private static Task<EngineHost> StartAsync(Func<string, Millrace.Handling.HandlerContext, CancellationToken, ValueTask> handle, Action<Millrace.Hosting.WorkerOptions>? configure = null) =>
        EngineHost.StartAsync(engine => engine.AddWorker("rows", (body, context, stopping) => handle(Text.Of(body), context, stopping), options =>
        {
            options.Order = Order.PerKey;
            options.Concurrency = 4;
            options.Retry.Backoff = new Backoff.Fixed(TimeSpan.FromTicks(1));
            configure?.Invoke(options);
        }));

    private static async Task PublishAsync(JobStore store, params (string? Key, string Body)[] jobs) =>
        await store.EnqueueAsync([.. jobs.Select(job => new NewJob { Queue = "rows", Key = job.Key, Body = Text.Bytes(job.Body) })], EngineHost.Stop);
}
