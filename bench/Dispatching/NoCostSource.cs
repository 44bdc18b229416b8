using System.Globalization;
using Millrace.Settlements;
using Millrace.Sources;

namespace Bench.Dispatching;

/// <summary>Makes deliveries out of nothing and forgets them when settled, so that only the engine is measured.</summary>
internal sealed class NoCostSource(Order order, int total, string[]? keys) : Source(new SourceOptions { Queue = "bench", Order = order })
{
    public static readonly ReadOnlyMemory<byte> Body = new byte[100];

    private readonly TaskCompletionSource _allSettled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // Reused: the dispatcher is done with one fetch before it asks for the next.
    private Delivery[] _fetched = [];
    private int _given;
    private int _settled;

    public Task AllSettled => _allSettled.Task;

    /// <summary>Gives every delivery a key of its own.</summary>
    public bool FreshKeys { get; init; }

    public Action<int>? EveryMillion { get; set; }

    public override SourceCapabilities Capabilities => SourceCapabilities.OrderedKeys | SourceCapabilities.DeadLetters | SourceCapabilities.DelayedRetry;

    public override string MessagingSystem => "memory";

    public static string[] KeyNames(int count) => [.. Enumerable.Range(0, count).Select(Key)];

    protected override async ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping)
    {
        var count = Math.Min(limit.Count, total - _given);
        if (count == 0) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopping);
        if (_fetched.Length < count) _fetched = new Delivery[count];
        var deliveries = new ArraySegment<Delivery>(_fetched, 0, count);
        for (var i = 0; i < count; i++)
        {
            var number = _given++;
            deliveries[i] = new(number) { Queue = "bench", Body = Body, Key = FreshKeys ? Key(number) : keys?[number % keys.Length] };
        }

        return deliveries;
    }

    protected override ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline)
    {
        var before = _settled;
        _settled += batch.Count;
        if (_settled / 1_000_000 != before / 1_000_000) EveryMillion?.Invoke(_settled);
        if (_settled == total) _allSettled.TrySetResult();
        return new([]);
    }

    protected override ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping) => new([]);

    protected override ValueTask DisposeCoreAsync() => default;

    private static string Key(int number) => number.ToString("x8", CultureInfo.InvariantCulture);
}
