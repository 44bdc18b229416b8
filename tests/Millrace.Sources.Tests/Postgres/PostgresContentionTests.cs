using System.Collections.Concurrent;
using System.Globalization;
using Millrace.Conformance;
using Millrace.Outcomes;
using Millrace.Postgres;
using Millrace.Settlements;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>Several processes at one queue with few keys, operators in between: no key overtakes itself, nothing is lost and nothing stays behind.</summary>
public sealed class PostgresContentionTests : IAsyncLifetime
{
    private const int Keys = 4;
    private const int Each = 60;

    private readonly ConcurrentDictionary<string, bool> _completed = new();
    private readonly ConcurrentDictionary<string, int> _latest = new();
    private TempSchema _temp = null!;
    private volatile bool _published;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _temp = new TempSchema(await PostgresServers.GetAsync());

    public ValueTask DisposeAsync() => _temp.DisposeAsync();

    [FullLaneTheory(Timeout = SourceHarness.Guard)]
    [InlineData(Order.PerKey, Order.PerKey)]
    [InlineData(Order.PerKey, Order.None)]
    [InlineData(Order.None, Order.None)]
    public async Task Everything_ends_once_and_nothing_is_left_behind(Order one, Order two)
    {
        var stop = TestContext.Current.CancellationToken;
        var publisher = await _temp.OpenAsync();
        Order[] orders = [one, two, one, two];
        var stores = await Task.WhenAll(orders.Select(_ => _temp.OpenAsync()));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var ordered = orders.All(order => order == Order.PerKey);
        var working = orders.Select((order, n) => Task.Run(() => WorkAsync(stores[n], order, ordered, new Random(n), done), stop)).ToArray();
        List<string> ids = [];
        for (var n = 0; n < Each; n++)
        {
            ids.AddRange((await publisher.EnqueueAsync([.. Enumerable.Range(0, Keys).Select(key => TempSchema.Job($"{n}", $"k{key}"))], stop)).Select(result => result.Id));
            // An operator cancels some, wherever they are just now: waiting, held behind their key, parked or claimed.
            if (n % 3 == 0) await publisher.CancelAsync(ids[n / 2], "ann", stop);
        }

        _published = true;
        await EndIfDrainedAsync(publisher, done);
        await Task.WhenAll(working);
        foreach (var id in ids)
            Assert.Equal(_completed.ContainsKey(id) ? JobState.Succeeded : JobState.Cancelled, (await publisher.FindAsync(id, stop))!.State);
        Assert.Equal(new QueueCounts(), await publisher.CountAsync("q", stop));
        Assert.Equal(0, await _temp.CountAsync("owners"));
    }

    private async Task WorkAsync(PostgresStore store, Order order, bool ordered, Random random, CancellationTokenSource done)
    {
        try
        {
            while (!done.IsCancellationRequested)
            {
                // A source now and then closes over what it holds, which is then another's.
                await using (var source = store.OpenSource(new() { Queue = "q", Order = order }))
                    for (var round = 0; round < 10; round++)
                    {
                        var got = await source.FetchAsync(new(random.Next(1, 12)), done.Token);
                        if (random.Next(15) == 0) break;
                        Assert.Empty(await source.SettleAsync(Decide(got, ordered, random), Stop));
                        await EndIfDrainedAsync(store, done);
                    }

                await EndIfDrainedAsync(store, done);
            }
        }
        catch (OperationCanceledException) when (done.IsCancellationRequested)
        {
        }
        catch
        {
            // Nobody waits for the others once one has failed.
            await done.CancelAsync();
            throw;
        }
    }

    /// <summary>One outcome each; behind one that goes back, the rest of its key goes back too, as in the engine.</summary>
    private List<Settlement> Decide(IReadOnlyList<Delivery> got, bool ordered, Random random)
    {
        HashSet<string> parked = [];
        List<Settlement> batch = [];
        foreach (var delivery in got)
        {
            Outcome outcome = random.Next(10) switch
            {
                _ when parked.Contains(delivery.Key!) => Outcome.Released,
                0 when delivery.Attempt < 5 => Outcome.Retry(TimeSpan.FromMilliseconds(random.Next(30)), "again"),
                1 when delivery.Snoozes < 5 => Outcome.Snoozed(TimeSpan.FromMilliseconds(random.Next(1, 30))),
                2 => Outcome.Released,
                _ => Outcome.Completed,
            };
            batch.Add(new(delivery, outcome));
            if (outcome is not Outcome.CompletedOutcome)
            {
                parked.Add(delivery.Key!);
                continue;
            }

            Assert.True(_completed.TryAdd(delivery.Id, true), $"two ends: {delivery.Id}");
            var number = int.Parse(TempSchema.Text(delivery), CultureInfo.InvariantCulture);
            // While this owner holds the key nobody else writes here.
            if (ordered) Assert.True(!_latest.TryGetValue(delivery.Key!, out var latest) || latest < number, $"{delivery.Key}: {number} overtook");
            _latest[delivery.Key!] = number;
        }

        return batch;
    }

    private async Task EndIfDrainedAsync(PostgresStore store, CancellationTokenSource done)
    {
        if (_published && await store.CountAsync("q", Stop) == new QueueCounts()) await done.CancelAsync();
    }
}
