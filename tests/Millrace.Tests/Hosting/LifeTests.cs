using Millrace.Handling;
using Millrace.Hosting;
using Millrace.Storage;
using Millrace.Storage.InMemory;

namespace Millrace.Tests.Hosting;

/// <summary>Start, pause, restart, drain: the life of the process and of its workers.</summary>
public sealed class LifeTests
{
    private readonly Seen _seen = new();

    [Fact]
    public async Task Every_fault_is_reported_at_once_and_nothing_starts()
    {
        using var host = EngineHost.Build(engine =>
        {
            engine.AddWorker("Bad Name", (_, _, _) => default, options => options.Concurrency = 0);
            engine.AddWorker("twice", (_, _, _) => default, options => options.Lease = TimeSpan.Zero);
            engine.AddWorker("twice", (_, _, _) => default, options => options.Retry.MaxAttempts = 0);
        }, store: null, options => options.DrainTimeout = TimeSpan.FromDays(2));
        var refused = await Assert.ThrowsAsync<MillraceConfigurationException>(() => host.StartAsync(EngineHost.Stop));
        Assert.Equal(["CFG010", "CFG015", "CFG002", "CFG010", "CFG017", "CFG014", "CFG030"], refused.Faults.Select(fault => fault[..6]));
        Assert.Contains("concurrency 0 must be 1..10000", refused.Message, StringComparison.Ordinal);
        Assert.Contains("twice: max attempts 0 must be 1..1000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_refuses_a_store_that_does_not_keep_the_promise()
    {
        using var host = EngineHost.Build(engine => engine.AddWorker("rows", (_, _, _) => default), new InMemoryStore(), options => options.Strict = true);
        var refused = await Assert.ThrowsAsync<MillraceConfigurationException>(() => host.StartAsync(EngineHost.Stop));
        Assert.StartsWith("DUR001", Assert.Single(refused.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_pause_is_acknowledged_nothing_is_claimed_until_resume()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", See));
        await host.PublishAsync("rows", "before");
        await _seen.CountAsync(1);
        await host.Control.PauseAsync("rows", "ana", "deploy", EngineHost.Stop);
        await host.PublishAsync("rows", "during");
        Assert.Equal(1, (await host.Store.CountAsync("rows", EngineHost.Stop)).Waiting);
        var status = Assert.Single(host.Control.Status.Workers);
        Assert.Equal((WorkerState.Paused, "ana", "deploy"), (status.State, status.Pause!.By, status.Pause.Reason));
        await host.Control.ResumeAsync("rows", "ana", EngineHost.Stop);
        await _seen.CountAsync(2);
        Assert.Equal(["before", "during"], _seen.All);
    }

    [Fact]
    public async Task An_operators_pause_survives_restart()
    {
        var store = new InMemoryStore();
        await using (var first = await EngineHost.StartAsync(engine => engine.AddWorker("rows", See), store))
            await first.Control.PauseAsync(null, "ana", null, EngineHost.Stop);
        await using var second = await EngineHost.StartAsync(engine => engine.AddWorker("rows", See), store);
        await second.PublishAsync("rows", "waits");
        Assert.Equal(WorkerState.Paused, second.Control.Status.Workers[0].State);
        Assert.Equal(1, (await store.CountAsync("rows", EngineHost.Stop)).Waiting);
        await second.Control.ResumeAsync(null, "ana", EngineHost.Stop);
        await _seen.CountAsync(1);
    }

    [Fact]
    public async Task A_pause_by_another_process_on_the_store_is_followed()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", See), configure: options => options.ControlInterval = TimeSpan.FromMilliseconds(100));
        await host.Store.SetPauseAsync("rows", new("rows", "bob", null, DateTimeOffset.UnixEpoch), "bob", EngineHost.Stop);
        while (host.Control.Status.Workers[0].State != WorkerState.Paused) await Task.Yield();
        await host.Store.SetPauseAsync("rows", null, "bob", EngineHost.Stop);
        while (host.Control.Status.Workers[0].State != WorkerState.Running) await Task.Yield();
    }

    [Fact]
    public async Task A_stop_waits_for_running_handlers_and_gives_the_rest_back_without_spending_an_attempt()
    {
        var release = new TaskCompletionSource();
        var store = new InMemoryStore();
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", async (_, context, _) =>
        {
            _seen.Add(context.Delivery.Id);
            await release.Task;
        }, options => options.Concurrency = 1), store);
        await host.Client.PublishManyAsync("rows", [.. Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[1], 5)], stopping: EngineHost.Stop);
        await _seen.CountAsync(1);
        var stopping = host.StopAsync();
        while (!host.Control.Status.Draining) await Task.Yield();
        while (host.Control.Status.Workers[0].InFlight > 1) await Task.Yield();
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping;
        Assert.Equal(JobState.Succeeded, (await store.FindAsync(_seen.All[0], EngineHost.Stop))!.State);
        Assert.Equal(4, (await store.CountAsync("rows", EngineHost.Stop)).Waiting);
        Assert.Single(_seen.All);
    }

    [Fact]
    public async Task At_the_drain_deadline_handlers_are_stopped_and_their_attempt_is_not_spent()
    {
        var store = new InMemoryStore();
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", async (_, context, stopping) =>
        {
            _seen.Add(context.Delivery.Id);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
        }), store, options => options.DrainTimeout = TimeSpan.FromMilliseconds(1));
        await host.PublishAsync("rows", "long");
        await _seen.CountAsync(1);
        await host.StopAsync();
        var job = await store.FindAsync(_seen.All[0], EngineHost.Stop);
        Assert.Equal((JobState.Waiting, 0), (job!.State, job.Attempts));
    }

    [Fact]
    public async Task A_worker_that_fails_is_restarted_alone_and_the_others_go_on()
    {
        var tries = 0;
        await using var host = await EngineHost.StartAsync(engine =>
        {
            engine.AddWorker("good", See);
            engine.AddBatchWorker("flaky", _ => Interlocked.Increment(ref tries) == 1 ? throw new InvalidOperationException("no luck") : new Rows(_seen), MessageReaders.Raw);
        });
        await host.PublishAsync("good", "good");
        await host.PublishAsync("flaky", "flaky");
        await _seen.CountAsync(2);
        var flaky = host.Control.Status.Workers.Single(worker => worker.Name == "flaky");
        Assert.Equal((WorkerState.Running, 1), (flaky.State, flaky.Restarts));
        Assert.Equal(0, host.Control.Status.Workers.Single(worker => worker.Name == "good").Restarts);
    }

    [Fact]
    public async Task A_worker_that_fails_too_often_stays_down_and_is_reported_and_can_be_restarted_by_hand()
    {
        var broken = true;
        await using var host = await EngineHost.StartAsync(
            engine => engine.AddBatchWorker("flaky", _ => broken ? throw new InvalidOperationException("no luck") : new Rows(_seen), MessageReaders.Raw),
            configure: options => options.RestartTries = 0);
        while (host.Control.Status.Workers[0].State != WorkerState.Failed) await Task.Yield();
        Assert.Equal(["worker flaky is down: no luck"], await host.Control.CheckReadyAsync(EngineHost.Stop));
        broken = false;
        await host.Control.RestartAsync("flaky", "ana", EngineHost.Stop);
        await host.PublishAsync("flaky", "works");
        await _seen.CountAsync(1);
        Assert.Empty(await host.Control.CheckReadyAsync(EngineHost.Stop));
    }

    [Fact]
    public async Task Actions_of_an_operator_leave_one_audit_entry_each()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("rows", See));
        await host.Control.PauseAsync("rows", "ana", "why", EngineHost.Stop);
        await host.Control.ResumeAsync("rows", "ana", EngineHost.Stop);
        await host.Control.SetConcurrencyAsync("rows", 3, "bob", EngineHost.Stop);
        await host.Control.RestartAsync("rows", "bob", EngineHost.Stop);
        var audit = await host.Store.ListAuditAsync(10, EngineHost.Stop);
        Assert.Equal([("bob", "restart"), ("bob", "set-concurrency"), ("ana", "resume"), ("ana", "pause")], audit.Select(entry => (entry.Actor, entry.Action)));
        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Control.PauseAsync("nobody", "ana", null, EngineHost.Stop));
    }

    private ValueTask See(ReadOnlyMemory<byte> body, HandlerContext context, CancellationToken stopping)
    {
        _seen.Add(Text.Of(body));
        return default;
    }

    private sealed class Rows(Seen seen) : IBatchHandler<ReadOnlyMemory<byte>>
    {
        public ValueTask HandleAsync(Batch<ReadOnlyMemory<byte>> batch, CancellationToken stopping)
        {
            foreach (var item in batch) seen.Add(Text.Of(item.Message));
            return default;
        }
    }
}
