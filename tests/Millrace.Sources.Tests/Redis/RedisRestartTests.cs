using System.Collections.Concurrent;
using Millrace.Outcomes;
using Millrace.Redis;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>A server that goes and comes back, with every write flushed before it is answered, in the middle of publishing, fetching and settling.</summary>
public sealed class RedisRestartTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [FullLaneTheory(Timeout = 300_000)]
    [InlineData(Order.None, FreeEntries.Delete)]
    [InlineData(Order.PerKey, FreeEntries.Delete)]
    [InlineData(Order.PerKey, FreeEntries.Trim)]
    public async Task Stopped_and_killed_in_turn_it_loses_nothing_and_nothing_is_handed_out_twice(Order order, FreeEntries free)
    {
        await using var lab = await RedisLab.StartAsync("--appendfsync", "always");
        using var traffic = new Traffic(lab, order, free);
        await traffic.OpenAsync();
        var running = traffic.RunAsync();
        for (var restart = 1; restart <= 12; restart++)
        {
            await traffic.SettledAsync(restart * 1_000);
            if (restart % 2 == 0) await lab.Server.KillAsync();
            else await lab.Server.StopAsync();
            await lab.Server.StartAsync(Stop);
        }

        await traffic.StopPublishingAsync();
        await running;
        await traffic.JudgeAsync();
    }

    /// <summary>One publisher and two sources, and the ledger of what each was told.</summary>
    private sealed class Traffic(RedisLab lab, Order order, FreeEntries free) : IDisposable
    {
        private const int Keys = 20;

        private readonly ConcurrentDictionary<int, bool> _accepted = new();
        private readonly ConcurrentDictionary<int, bool> _unknown = new();
        private readonly ConcurrentDictionary<string, int> _done = new(StringComparer.Ordinal);
        private readonly ConcurrentBag<string> _wrong = [];
        private readonly Lock _gate = new();
        private readonly List<(string Id, int Attempt, int Number)> _handed = [];
        private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];
        private readonly CancellationTokenSource _publishing = new();
        private readonly CancellationTokenSource _drained = new();
        private Task _publisher = Task.CompletedTask;
        private RedisStore? _store;

        public async Task OpenAsync() => _store = await lab.OpenAsync(options => options.Free = free);

        public async Task RunAsync()
        {
            _publisher = Task.Run(PublishAsync, Stop);
            await Task.WhenAll(Task.Run(WorkAsync, Stop), Task.Run(WorkAsync, Stop));
        }

        public Task SettledAsync(int count)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                if (_done.Count >= count) return Task.CompletedTask;
                _waiting.Add((count, reached));
            }

            return reached.Task.WaitAsync(Stop);
        }

        public async Task StopPublishingAsync()
        {
            await _publishing.CancelAsync();
            await _publisher;
            // One more behind all others, so that whoever waits for nothing looks once more whether that was all.
            for (var last = -1; !_accepted.ContainsKey(last);) await TryPublishAsync([last]);
            EndWhenDrained();
        }

        public async Task JudgeAsync()
        {
            Assert.Empty(_wrong);
            var numbers = _handed.Select(one => one.Number).ToHashSet();
            Assert.Empty(_accepted.Keys.Except(numbers));
            Assert.Empty(numbers.Except(_accepted.Keys).Except(_unknown.Keys));
            Assert.Empty(_handed.GroupBy(one => (one.Id, one.Attempt)).Where(same => same.Count() > 1).Select(same => same.Key));
            Assert.Empty(_handed.Select(one => one.Id).Distinct().Except(_done.Keys));
            if (order == Order.PerKey)
                foreach (var key in _handed.Where(one => one.Number >= 0).DistinctBy(one => one.Id).GroupBy(one => one.Number % Keys))
                    Assert.Equal(key.Select(one => one.Number).Order(), key.Select(one => one.Number));
            Assert.Equal(new(0, 0, 0, 0, null), await _store!.CountAsync(RedisLab.Queue, Stop));
            Assert.All((await lab.ConsumersAsync()).Values, pending => Assert.Equal(0, pending));
            await _store.PruneAsync(Stop);
            Assert.Equal(0, await lab.LengthAsync());
            Assert.Empty(lab.Logged.Of(5003));
            Assert.Empty(lab.Logged.Of(5011));
            TestContext.Current.SendDiagnosticMessage("{0} accepted, {1} unknown, {2} handed out", _accepted.Count, _unknown.Count, _handed.Count);
        }

        public void Dispose()
        {
            _publishing.Dispose();
            _drained.Dispose();
        }

        private async Task PublishAsync()
        {
            for (var next = 0; !_publishing.IsCancellationRequested; next += 20)
            {
                await TryPublishAsync([.. Enumerable.Range(next, 20)]);
                // As much as is drained, and some more.
                if (_accepted.Count > _done.Count + 2_000) await SettledAsync(_accepted.Count - 1_000);
            }
        }

        private async Task TryPublishAsync(int[] numbers)
        {
            try
            {
                await _store!.EnqueueAsync([.. numbers.Select(n => RedisLab.Job($"{n}", n < 0 ? null : $"k{n % Keys}"))], Stop);
                foreach (var number in numbers) _accepted[number] = true;
            }
            catch (Exception error) when (error is RedisException or RedisTimeoutException)
            {
                foreach (var number in numbers) _unknown[number] = true;
            }
        }

        private async Task WorkAsync()
        {
            await using var source = _store!.OpenSource(RedisLab.Options(order, lease: TimeSpan.FromMinutes(30)));
            while (!_drained.IsCancellationRequested)
            {
                IReadOnlyList<Delivery> got;
                try
                {
                    got = await source.FetchAsync(new(50), _drained.Token);
                }
                catch (OperationCanceledException) when (_drained.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception error) when (error is RedisException or RedisTimeoutException)
                {
                    continue;
                }

                Note(got);
                await SettleAsync(source, got);
            }
        }

        private void Note(IReadOnlyList<Delivery> got)
        {
            lock (_gate)
                foreach (var delivery in got)
                {
                    if (_done.ContainsKey(delivery.Id)) _wrong.Add($"{delivery.Id} came again after it was settled");
                    _handed.Add((delivery.Id, delivery.Attempt, int.Parse(RedisLab.Text(delivery), System.Globalization.CultureInfo.InvariantCulture)));
                }
        }

        private async Task SettleAsync(Source source, IReadOnlyList<Delivery> got)
        {
            var batch = got.Select(delivery => new Settlements.Settlement(delivery, IsToBeRetried(delivery) ? Outcome.Retry(TimeSpan.FromMilliseconds(1), "once") : Outcome.Completed)).ToArray();
            while (true)
            {
                try
                {
                    await source.SettleAsync(batch, Stop);
                    break;
                }
                catch (Exception error) when (error is RedisException or RedisTimeoutException)
                {
                    // Until it is answered, as the settler does.
                }
            }

            lock (_gate)
            {
                foreach (var (delivery, outcome) in batch)
                    if (outcome is Outcome.CompletedOutcome)
                        _done[delivery.Id] = 1;
                foreach (var (_, reached) in _waiting.Where(waiting => waiting.Count <= _done.Count)) reached.TrySetResult();
            }

            EndWhenDrained();
        }

        /// <summary>Looked at by whoever is last: who settled the last one, or who was told that it is stored.</summary>
        private void EndWhenDrained()
        {
            lock (_gate)
                if (_publisher.IsCompleted && _accepted.ContainsKey(-1) && _handed.All(one => _done.ContainsKey(one.Id)) && !_accepted.Keys.Except(_handed.Select(one => one.Number)).Any()) _drained.Cancel();
        }

        private static bool IsToBeRetried(Delivery delivery) => delivery.Attempt == 1 && delivery.Body.Span[^1] == (byte)'7';
    }
}
