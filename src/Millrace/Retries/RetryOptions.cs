namespace Millrace.Retries;

/// <summary>How a worker treats failure.</summary>
public sealed class RetryOptions
{
    /// <summary>Attempts before a delivery is dead, 1 to 1,000; snoozes and crashes do not count.</summary>
    /// <value>10.</value>
    public int MaxAttempts { get; set; } = 10;

    /// <summary>From attempt to delay.</summary>
    /// <value>1 second, doubling, at most 10 minutes.</value>
    public Backoff Backoff { get; set; } = new Backoff.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));

    /// <summary>Full jitter: the delay is drawn between zero and what the backoff says
    /// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).</summary>
    /// <value>True.</value>
    public bool Jitter { get; set; } = true;

    /// <summary>The longest that a Retry-After is believed.</summary>
    /// <value>One hour.</value>
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Asked before the built-in rules.</summary>
    public ErrorClassifier? Classifier { get; set; }

    /// <summary>Retries a first attempt earns, 0 to 1: beyond it retries wait for the longest backoff, so that an outage does not become a storm.</summary>
    /// <value>0.2.</value>
    public double BudgetRatio { get; set; } = 0.2;

    /// <summary>Retries that are always allowed before the budget bites.</summary>
    /// <value>100.</value>
    public int BudgetReserve { get; set; } = 100;

    /// <summary>Crashes after which a delivery is quarantined, 1 to 100.</summary>
    /// <value>3.</value>
    public int QuarantineAfter { get; set; } = 3;

    /// <summary>Every fault, with the offending value.</summary>
    internal IEnumerable<string> Faults()
    {
        if (MaxAttempts is < 1 or > 1000) yield return $"CFG017 max attempts {MaxAttempts} must be 1..1000.";
        if (QuarantineAfter is < 1 or > 100) yield return $"CFG017 quarantine after {QuarantineAfter} must be 1..100 crashes.";
        if (!(BudgetRatio is >= 0 and <= 1)) yield return $"CFG017 retry budget ratio {BudgetRatio} must be 0..1.";
        if (BudgetReserve < 0) yield return $"CFG017 retry budget reserve {BudgetReserve} must be 0 or more.";
        if (MaxRetryAfter <= TimeSpan.Zero) yield return $"CFG017 longest Retry-After {MaxRetryAfter} must be longer than zero.";
        foreach (var fault in Backoff.Faults()) yield return fault;
    }
}
