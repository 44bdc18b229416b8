using Microsoft.Extensions.Time.Testing;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Tests.Dispatch;

/// <summary>What becomes of running handlers when their claims can no longer be trusted (reference: invariant I4).</summary>
public sealed class LeaseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Seen _seen = new();

    [Fact]
    public async Task Without_a_renewal_for_two_thirds_of_the_lease_handlers_stop_and_nothing_is_written()
    {
        var source = new OneDelivery(renew: _ => throw new IOException("the store is away"));
        await RunAsync(source);
        Assert.True(_time.GetUtcNow() - _time.Start >= TimeSpan.FromSeconds(20));
        Assert.Empty(source.Settled);
    }

    [Fact]
    public async Task A_claim_that_the_source_calls_lost_ends_its_handler_and_its_outcome_is_not_written()
    {
        var source = new OneDelivery(renew: held => [.. held.Select(delivery => new LostClaim(delivery, Cancelled: false))]);
        await RunAsync(source);
        Assert.Empty(source.Settled);
    }

    [Fact]
    public async Task A_claim_that_is_renewed_lets_its_handler_run_on()
    {
        var source = new OneDelivery(renew: _ => []);
        await using var host = await StartAsync(source);
        await _seen.CountAsync(1);
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
        }

        Assert.False(_stopped.Task.IsCompleted);
        await host.Control.SetConcurrencyAsync(null, 1, "test", EngineHost.Stop);
        Assert.Equal(1, host.Control.Status.Workers[0].Running);
    }

    private async Task RunAsync(OneDelivery source)
    {
        await using var host = await StartAsync(source);
        await _seen.CountAsync(1);
        while (!_stopped.Task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        while (host.Control.Status.Workers[0].InFlight > 0) await Task.Yield();
    }

    private Task<EngineHost> StartAsync(OneDelivery source) => EngineHost.StartAsync(
        engine =>
        {
            engine.AddWorker("leased", async (_, _, stopping) =>
            {
                using var registration = stopping.Register(_stopped.SetResult);
                _seen.Add("running");
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
            });
            engine.Workers[0] = engine.Workers[0] with { OpenSource = (_, _) => source };
        },
        configure: options => options.DrainTimeout = TimeSpan.Zero, time: _time);

    /// <summary>Gives one delivery and remembers what is settled.</summary>
    private sealed class OneDelivery(Func<IReadOnlyList<Delivery>, IReadOnlyList<LostClaim>> renew) : Source(new SourceOptions { Queue = "leased" })
    {
        private bool _given;

        public List<Settlement> Settled { get; } = [];

        public override SourceCapabilities Capabilities => SourceCapabilities.Leases;

        public override string MessagingSystem => "test";

        protected override async ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping)
        {
            if (_given) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
            _given = true;
            return [new(1) { Queue = "leased" }];
        }

        protected override ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline)
        {
            Settled.AddRange(batch);
            return new([]);
        }

        protected override ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping) => new(renew(held));

        protected override ValueTask DisposeCoreAsync() => default;
    }
}
