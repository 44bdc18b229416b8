using Microsoft.Extensions.Time.Testing;
using Millrace.Handling;
using Millrace.Retries;
using Millrace.Storage;

namespace Millrace.Tests.Handling;

/// <summary>What becomes of a delivery, by what its handler did.</summary>
public sealed class OutcomeTests
{
    private readonly Seen _seen = new();

    [Fact]
    public async Task A_handler_that_returns_completes_its_delivery()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (body, _, _) => See(Text.Of(body))));
        var published = await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal(JobState.Succeeded, (await host.Store.FindAsync(published.Id, EngineHost.Stop))!.State);
    }

    [Fact]
    public async Task What_the_inbox_has_recorded_is_completed_without_the_handler_and_what_it_cannot_say_is_tried_again()
    {
        var inbox = new ScriptedInbox { Recorded = { "done" }, Failing = { "new" } };
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (body, context, _) => See($"{Text.Of(body)} {context.Delivery.Attempt}"), options =>
        {
            options.Inbox = inbox;
            options.Retry.Backoff = new Backoff.Fixed(TimeSpan.Zero);
        }));
        var done = await host.PublishAsync("mail", "done");
        await host.PublishAsync("mail", "new");
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal(["new 2"], _seen.All);
        Assert.Equal(JobState.Succeeded, (await host.Store.FindAsync(done.Id, EngineHost.Stop))!.State);
    }

    [Fact]
    public async Task A_handler_that_throws_is_tried_again_until_its_attempts_are_spent()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (_, context, _) =>
        {
            _seen.Add($"attempt {context.Delivery.Attempt}");
            throw new InvalidOperationException("no luck");
        }, Impatient(maxAttempts: 3)));
        await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(3);
        await host.StopAsync();
        var dead = Assert.Single(await host.DeadLettersAsync());
        Assert.Equal(["attempt 1", "attempt 2", "attempt 3"], _seen.All);
        Assert.Equal("attempt 3 of 3 failed: InvalidOperationException: no luck", dead.Reason);
        Assert.Equal([1, 2, 3], dead.Errors.Select(error => error.Attempt));
        Assert.All(dead.Errors, error => Assert.Contains("no luck", error.Detail, StringComparison.Ordinal));
        Assert.Equal("hello", Text.Of(dead.Body));
    }

    [Fact]
    public async Task A_permanent_error_is_dead_at_once()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (_, _, _) =>
        {
            _seen.Add("called");
            throw new PermanentException("address unknown");
        }));
        await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal("PermanentException: address unknown", Assert.Single(await host.DeadLettersAsync()).Reason);
    }

    [Fact]
    public async Task A_throttled_delivery_waits_without_spending_an_attempt()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (_, context, _) =>
        {
            _seen.Add($"attempt {context.Delivery.Attempt} after {context.Delivery.Snoozes}");
            if (context.Delivery.Snoozes < 2) throw new ThrottledException("slow down", TimeSpan.FromMilliseconds(1));
            return default;
        }));
        await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(3);
        await host.StopAsync();
        Assert.Equal(["attempt 1 after 0", "attempt 1 after 1", "attempt 1 after 2"], _seen.All);
    }

    [Fact]
    public async Task A_snooze_keeps_the_attempt_count()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (_, context, _) =>
        {
            _seen.Add($"{context.Delivery.Attempt}/{context.Delivery.Snoozes}");
            if (context.Delivery.Snoozes == 0) context.Snooze(TimeSpan.FromMilliseconds(1));
            return default;
        }));
        await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(2);
        await host.StopAsync();
        Assert.Equal(["1/0", "1/1"], _seen.All);
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_is_dead_with_its_bytes()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("json", TestJson.Default.Named, (message, _, _) => See(message.Name)));
        foreach (var bad in (string[])["", "null", "{", "{\"Name\":12}", "not json \u0000"]) await host.PublishAsync("json", bad);
        await host.PublishAsync("json", """{"Name":"a\u0000b"}""");
        await host.PublishAsync("json", new string('[', 10_000));
        await _seen.CountAsync(1);
        await host.Control.PauseAsync(null, "test", null, EngineHost.Stop);
        await host.StopAsync();
        var dead = await host.DeadLettersAsync();
        Assert.Equal(6, dead.Count);
        Assert.All(dead, letter => Assert.StartsWith("PAY001 body of ", letter.Reason, StringComparison.Ordinal));
        Assert.Equal(["a\0b"], _seen.All);
    }

    [Fact]
    public async Task A_body_over_the_workers_limit_is_dead_and_one_at_the_limit_is_not()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("big", (body, _, _) => See($"{body.Length}"), options => options.MaxBodyBytes = 1 << 20));
        await host.Client.PublishAsync("big", new byte[(1 << 20) + 1], stopping: EngineHost.Stop);
        await host.Client.PublishAsync("big", new byte[1 << 20], stopping: EngineHost.Stop);
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal("PAY002 body of 1048577 bytes is over the worker's limit of 1048576 bytes", Assert.Single(await host.DeadLettersAsync()).Reason);
    }

    [Fact]
    public async Task Deliveries_of_a_tenant_that_the_worker_does_not_serve_are_dead_before_user_code_sees_them()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (body, _, _) => See(Text.Of(body)), options => options.Tenants = TenantRule.Only("acme")));
        await host.Client.PublishAsync("mail", Text.Bytes("none"), stopping: EngineHost.Stop);
        await host.Client.PublishAsync("mail", Text.Bytes("other"), new() { Tenant = "evil" }, EngineHost.Stop);
        await host.Client.PublishAsync("mail", Text.Bytes("ours"), new() { Tenant = "acme" }, EngineHost.Stop);
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal(["ours"], _seen.All);
        Assert.Equal(2, (await host.DeadLettersAsync()).Count(letter => letter.Reason.StartsWith("TEN001", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task User_steps_run_outermost_first_and_may_decide_themselves()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("mail", (_, _, _) => See("handler"), options =>
        {
            options.Steps.Add((context, next, stopping) =>
            {
                _seen.Add("outer");
                return next(context, stopping);
            });
            options.Steps.Add((context, next, stopping) =>
            {
                _seen.Add("inner");
                return next(context, stopping);
            });
        }));
        await host.PublishAsync("mail", "hello");
        await _seen.CountAsync(3);
        await host.StopAsync();
        Assert.Equal(["outer", "inner", "handler"], _seen.All);
    }

    [Fact]
    public async Task A_handler_that_overruns_its_time_is_stopped_and_tried_again()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("slow", async (_, context, stopping) =>
        {
            _seen.Add($"attempt {context.Delivery.Attempt}");
            if (context.Delivery.Attempt == 1) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
        }, options =>
        {
            options.Timeout = TimeSpan.FromMilliseconds(20);
            options.Retry.Backoff = new Backoff.Fixed(TimeSpan.Zero);
        }));
        var published = await host.PublishAsync("slow", "hello");
        await _seen.CountAsync(2);
        await host.StopAsync();
        var job = await host.Store.FindAsync(published.Id, EngineHost.Stop);
        Assert.Equal(JobState.Succeeded, job!.State);
        Assert.StartsWith("TimeoutException: the handler ran longer than 00:00:00.02", Assert.Single(job.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_has_its_whole_time_however_often_it_is_looked_at()
    {
        var time = new FakeTimeProvider();
        var interrupted = new TaskCompletionSource<TimeSpan>();
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("slow", async (_, _, stopping) =>
        {
            var started = time.GetTimestamp();
            using var registration = stopping.Register(() => interrupted.TrySetResult(time.GetElapsedTime(started)));
            _seen.Add("running");
            await interrupted.Task;
        }, options => options.Timeout = TimeSpan.FromSeconds(10)), time: time);
        await host.PublishAsync("slow", "hello");
        await _seen.CountAsync(1);
        while (!interrupted.Task.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        Assert.True(await interrupted.Task >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_cancelled_job_ends_its_handler_and_is_cancelled_for_good()
    {
        await using var host = await EngineHost.StartAsync(engine => engine.AddWorker("slow", async (_, _, stopping) =>
        {
            _seen.Add("running");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
        }, options => options.Lease = TimeSpan.FromSeconds(1)));
        var published = await host.PublishAsync("slow", "hello");
        await _seen.CountAsync(1);
        Assert.Equal(JobState.Leased, await host.Client.CancelAsync(published.Id, "ana", EngineHost.Stop));
        while (host.Control.Status.Workers[0].Settled.Cancelled == 0) await Task.Yield();
        Assert.Equal(JobState.Cancelled, (await host.Store.FindAsync(published.Id, EngineHost.Stop))!.State);
    }

    private static Action<Millrace.Hosting.WorkerOptions> Impatient(int maxAttempts) => options =>
    {
        options.Retry.MaxAttempts = maxAttempts;
        options.Retry.Backoff = new Backoff.Fixed(TimeSpan.Zero);
    };

    private ValueTask See(string what)
    {
        _seen.Add(what);
        return default;
    }
}
