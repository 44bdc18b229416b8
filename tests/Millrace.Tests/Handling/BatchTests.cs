using Millrace.Handling;
using Millrace.Hosting;
using Millrace.Outcomes;
using Millrace.Retries;
using Millrace.Sources;
using Millrace.Storage.InMemory;

namespace Millrace.Tests.Handling;

/// <summary>Batch handlers: filling by size and age, an outcome an item, halving.</summary>
public sealed class BatchTests
{
    private readonly Seen _seen = new();

    [Fact]
    public async Task A_full_batch_is_handled_at_once_and_the_rest_after_its_age()
    {
        await using var host = await StartAsync(batch => _seen.Add(Bodies(batch)), size: 3);
        await host.Client.PublishManyAsync("rows", [.. "abcd".Select(letter => (ReadOnlyMemory<byte>)Text.Bytes($"{letter}"))], stopping: EngineHost.Stop);
        await _seen.CountAsync(2);
        await host.StopAsync();
        Assert.Equal(["abc", "d"], _seen.All);
    }

    [Fact]
    public async Task What_is_left_behind_a_batch_of_its_own_key_needs_no_newcomer_to_be_handled()
    {
        var store = new InMemoryStore();
        await store.EnqueueAsync([.. "abc".Select(letter => new Storage.NewJob { Queue = "rows", Key = "k", Body = Text.Bytes($"{letter}") })], EngineHost.Stop);
        await using var host = await StartAsync(batch => _seen.Add(Bodies(batch)), size: 2, order: Order.PerKey, store: store);
        await _seen.CountAsync(2);
        await host.StopAsync();
        Assert.Equal(["ab", "c"], _seen.All);
    }

    [Fact]
    public async Task One_poison_item_is_found_and_the_rest_is_handled()
    {
        await using var host = await StartAsync(batch =>
        {
            if (Bodies(batch).Contains('x', StringComparison.Ordinal)) throw new InvalidOperationException("x is poison");
            foreach (var item in batch) _seen.Add(Text.Of(item.Message));
        }, size: 8, maxAttempts: 1);
        await host.Client.PublishManyAsync("rows", [.. "abcdexgh".Select(letter => (ReadOnlyMemory<byte>)Text.Bytes($"{letter}"))], stopping: EngineHost.Stop);
        await _seen.CountAsync(7);
        await host.StopAsync();
        Assert.Equal("abcdegh", string.Concat(_seen.All));
        Assert.Equal("x", Text.Of(Assert.Single(await host.DeadLettersAsync()).Body));
    }

    [Fact]
    public async Task A_transient_failure_is_everybodys_and_the_batch_is_not_halved()
    {
        var calls = 0;
        await using var host = await StartAsync(batch =>
        {
            if (Interlocked.Increment(ref calls) == 1) throw new TransientException("database away");
            foreach (var item in batch) _seen.Add($"{Text.Of(item.Message)}{item.Context.Delivery.Attempt}");
        }, size: 4);
        await host.Client.PublishManyAsync("rows", [.. "abcd".Select(letter => (ReadOnlyMemory<byte>)Text.Bytes($"{letter}"))], stopping: EngineHost.Stop);
        await _seen.CountAsync(4);
        await host.StopAsync();
        Assert.Equal(["a2", "b2", "c2", "d2"], _seen.All.Order());
    }

    [Fact]
    public async Task Each_item_may_have_an_outcome_of_its_own()
    {
        await using var host = await StartAsync(batch =>
        {
            for (var i = 0; i < batch.Count; i++)
                if (Text.Of(batch[i].Message) == "b")
                    batch.Decide(i, Outcome.Dead("b is unwanted"));
            _seen.Add(Bodies(batch));
        }, size: 3);
        await host.Client.PublishManyAsync("rows", [.. "abc".Select(letter => (ReadOnlyMemory<byte>)Text.Bytes($"{letter}"))], stopping: EngineHost.Stop);
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal("b is unwanted", Assert.Single(await host.DeadLettersAsync()).Reason);
        Assert.Equal(2, host.Control.Status.Workers[0].Settled.Completed);
    }

    [Fact]
    public async Task Items_behind_a_failed_one_of_their_key_wait_for_it_and_keep_their_order()
    {
        var store = await StoredAsync(("k", "k1"), ("k", "k2"), ("m", "m1"), ("k", "k3"), ("m", "m2"));
        await using var host = await StartAsync(batch =>
        {
            if (batch.Any(item => Text.Of(item.Message) == "k2" && item.Context.Delivery.Attempt < 3)) throw new InvalidOperationException("k2 is not ready");
            foreach (var item in batch) _seen.Add(Text.Of(item.Message));
        }, size: 5, order: Order.PerKey, store: store);
        await _seen.CountAsync(5);
        await host.StopAsync();
        Assert.Equal(["k1", "k2", "k3"], _seen.All.Where(seen => seen.StartsWith('k')));
        Assert.Equal(["m1", "m2"], _seen.All.Where(seen => seen.StartsWith('m')));
    }

    [Fact]
    public async Task Where_a_dead_head_holds_its_key_items_behind_it_in_the_batch_wait_for_its_requeue()
    {
        var healed = false;
        var store = await StoredAsync(("k", "k1"), ("k", "k2"), ("m", "m1"), ("k", "k3"), ("m", "m2"));
        await using var host = await StartAsync(batch =>
        {
            if (!healed && batch.Any(item => Text.Of(item.Message) == "k2")) throw new InvalidOperationException("k2 is poison");
            foreach (var item in batch) _seen.Add(Text.Of(item.Message));
        }, size: 5, maxAttempts: 1, order: Order.PerKey, store: store, configure: options => options.DeadHead = DeadHeadPolicy.Hold);
        await _seen.CountAsync(3);
        while ((await host.DeadLettersAsync()).Count == 0) await Task.Yield();
        Assert.Equal(["k1", "m1", "m2"], _seen.All.Order());
        healed = true;
        Assert.Single(await host.Store.RequeueAsync(new() { Queue = "rows" }, "ana", EngineHost.Stop));
        await _seen.CountAsync(5);
        Assert.Equal(["k1", "k2", "k3"], _seen.All.Where(seen => seen.StartsWith('k')));
    }

    [Fact]
    public async Task Items_behind_one_whose_inbox_could_not_be_asked_wait_for_it_and_those_before_it_do_not()
    {
        var inbox = new ScriptedInbox { Failing = { "k2" } };
        var store = await StoredAsync(("k", "k1"), ("k", "k2"), ("m", "m1"), ("k", "k3"));
        await using var host = await StartAsync(batch => _seen.Add(Bodies(batch)), size: 4, order: Order.PerKey, store: store, configure: options => options.Inbox = inbox);
        await _seen.CountAsync(2);
        await host.StopAsync();
        Assert.Equal(["k1m1", "k2k3"], _seen.All);
    }

    [Fact]
    public async Task What_the_inbox_has_recorded_is_completed_without_the_handler()
    {
        var inbox = new ScriptedInbox { Recorded = { "b" } };
        await using var host = await StartAsync(batch => _seen.Add(Bodies(batch)), size: 3, configure: options => options.Inbox = inbox);
        await host.Client.PublishManyAsync("rows", [.. "abc".Select(letter => (ReadOnlyMemory<byte>)Text.Bytes($"{letter}"))], stopping: EngineHost.Stop);
        await _seen.CountAsync(1);
        await host.StopAsync();
        Assert.Equal(["ac"], _seen.All);
        Assert.Equal(3, host.Control.Status.Workers[0].Settled.Completed);
    }

    private static async Task<InMemoryStore> StoredAsync(params (string Key, string Body)[] jobs)
    {
        var store = new InMemoryStore();
        await store.EnqueueAsync([.. jobs.Select(job => new Storage.NewJob { Queue = "rows", Key = job.Key, Body = Text.Bytes(job.Body) })], EngineHost.Stop);
        return store;
    }

    private static string Bodies(Batch<ReadOnlyMemory<byte>> batch) => string.Concat(batch.Select(item => Text.Of(item.Message)));

    private static Task<EngineHost> StartAsync(Action<Batch<ReadOnlyMemory<byte>>> handle, int size, int maxAttempts = 5, Order order = Order.None, InMemoryStore? store = null,
        Action<WorkerOptions>? configure = null) =>
        EngineHost.StartAsync(engine => engine.AddBatchWorker("rows", _ => new Rows(handle), MessageReaders.Raw, options =>
        {
            options.Order = order;
            options.Concurrency = 1;
            options.BatchSize = size;
            options.Retry.MaxAttempts = maxAttempts;
            options.Retry.Backoff = new Backoff.Fixed(TimeSpan.Zero);
            configure?.Invoke(options);
        }), store);

    private sealed class Rows(Action<Batch<ReadOnlyMemory<byte>>> handle) : IBatchHandler<ReadOnlyMemory<byte>>
    {
        public ValueTask HandleAsync(Batch<ReadOnlyMemory<byte>> batch, CancellationToken stopping)
        {
            handle(batch);
            return default;
        }
    }
}
