using Millrace.Handling;
using Millrace.Retries;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>One worker: a queue with its handler, concurrency, order and limits. Fixed after start, but for the concurrency.</summary>
public sealed class WorkerOptions
{
    /// <summary>Where it fetches from.</summary>
    /// <value>The worker's name.</value>
    public string? Queue { get; set; }

    /// <summary>Handler calls that run at once, 1 to 10,000; live.</summary>
    /// <value>10.</value>
    public int Concurrency { get; set; } = 10;

    /// <summary>Which deliveries wait for each other.</summary>
    /// <value><see cref="Order.None"/>.</value>
    public Order Order { get; set; }

    /// <summary>What becomes of a key whose head died.</summary>
    /// <value><see cref="DeadHeadPolicy.Continue"/>.</value>
    public DeadHeadPolicy DeadHead { get; set; }

    /// <summary>How failure is treated.</summary>
    public RetryOptions Retry { get; } = new();

    /// <summary>How long one handler call may take; null for no limit.</summary>
    /// <value>Null.</value>
    public TimeSpan? Timeout { get; set; }

    /// <summary>Most deliveries in one call of a batch handler, 1 to 10,000.</summary>
    /// <value>100.</value>
    public int BatchSize { get; set; } = 100;

    /// <summary>How long a delivery may wait for its batch to fill, up to a minute.</summary>
    /// <value>20 milliseconds.</value>
    public TimeSpan BatchMaxAge { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Most deliveries claimed and not settled, 1 to 1,000,000.</summary>
    /// <value>4,096.</value>
    public int MaxInFlight { get; set; } = 4096;

    /// <summary>Most bytes claimed and not settled, from 64 KiB.</summary>
    /// <value>64 MiB.</value>
    public long MaxInFlightBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The largest body that is handed to the handler, in bytes; a larger one is dead.</summary>
    /// <value>256 KiB.</value>
    public int MaxBodyBytes { get; set; } = 256 * 1024;

    /// <summary>Most outcomes in one write, 1 to 100,000.</summary>
    /// <value>1,000.</value>
    public int SettleBatchSize { get; set; } = 1000;

    /// <summary>How long an outcome may wait for company before it is written, up to a second.</summary>
    /// <value>5 milliseconds.</value>
    public TimeSpan SettleMaxAge { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a claim lives without renewal, 1 second to 1 day.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Which tenants it serves.</summary>
    public TenantRule Tenants { get; set; } = TenantRule.Any;

    /// <summary>Where dealt-with deliveries are recorded; null when effects are idempotent by themselves.</summary>
    public Inbox? Inbox { get; set; }

    /// <summary>Steps of your own around the handler, outermost first; not run for batch handlers.</summary>
    public IList<HandlerStep> Steps { get; } = [];

    internal IEnumerable<string> Faults(string worker)
    {
        if (!JobRules.IsName(worker)) yield return $"CFG015 worker name \"{JobRules.Clip(worker)}\" is not allowed: it must match [a-z0-9][a-z0-9._-]{{0,62}}.";
        if (Queue is not null && !JobRules.IsName(Queue)) yield return $"CFG015 {worker}: queue \"{JobRules.Clip(Queue)}\" is not allowed: it must match [a-z0-9][a-z0-9._-]{{0,62}}.";
        if (Concurrency is < 1 or > 10_000) yield return $"CFG002 {worker}: concurrency {Concurrency} must be 1..10000.";
        if (BatchSize is < 1 or > 10_000) yield return $"CFG002 {worker}: batch size {BatchSize} must be 1..10000.";
        if (MaxInFlight is < 1 or > 1_000_000) yield return $"CFG002 {worker}: most in flight {MaxInFlight} must be 1..1000000.";
        if (MaxInFlightBytes < 64 * 1024) yield return $"CFG002 {worker}: most bytes in flight {MaxInFlightBytes} must be 65536 or more.";
        if (MaxBodyBytes is < 0 or > JobRules.MaxBodyBytes) yield return $"CFG002 {worker}: largest body {MaxBodyBytes} must be 0..{JobRules.MaxBodyBytes}.";
        if (SettleBatchSize is < 1 or > 100_000) yield return $"CFG002 {worker}: settle batch size {SettleBatchSize} must be 1..100000.";
        if (!Within(SettleMaxAge, TimeSpan.Zero, TimeSpan.FromSeconds(1))) yield return $"CFG010 {worker}: settle age {SettleMaxAge} must be 0..1s.";
        if (!Within(BatchMaxAge, TimeSpan.Zero, TimeSpan.FromMinutes(1))) yield return $"CFG010 {worker}: batch age {BatchMaxAge} must be 0..1m.";
        if (!Within(Lease, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))) yield return $"CFG010 {worker}: lease {Lease} must be 1s..1d.";
        if (Timeout is { } timeout && !Within(timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1))) yield return $"CFG010 {worker}: timeout {timeout} must be 1ms..1d.";
        foreach (var fault in Retry.Faults()) yield return fault.Insert(fault.IndexOf(' ', StringComparison.Ordinal) + 1, worker + ": ");
    }

    private static bool Within(TimeSpan value, TimeSpan least, TimeSpan most) => value >= least && value <= most;
}
