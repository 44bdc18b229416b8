namespace Millrace.Outcomes;

/// <summary>What was decided about one attempt at a delivery, decided once. Closed: the settler and every source handle each case.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>The one <see cref="CompletedOutcome"/>; use it instead of making another.</summary>
    public static CompletedOutcome Completed { get; } = new();

    /// <summary>The one <see cref="CancelledOutcome"/>.</summary>
    public static CancelledOutcome Cancelled { get; } = new();

    /// <summary>Gives the delivery back at once without spending an attempt, as a stop or a parked key does.</summary>
    public static SnoozedOutcome Released { get; } = new(TimeSpan.Zero);

    /// <summary>Runs the delivery again after <paramref name="delay"/> and spends an attempt.</summary>
    public static RetryOutcome Retry(TimeSpan delay, string reason) => new(delay, reason);

    /// <summary>Runs the delivery again after <paramref name="delay"/> without spending an attempt.</summary>
    public static SnoozedOutcome Snoozed(TimeSpan delay) => new(delay);

    /// <summary>Writes a dead letter with <paramref name="reason"/>; the delivery never runs again by itself.</summary>
    public static DeadOutcome Dead(string reason) => new(reason);

    /// <summary>The work is done.</summary>
    public sealed record CompletedOutcome : Outcome;

    /// <summary>Try again after <paramref name="Delay"/>; spends an attempt.</summary>
    /// <param name="Delay">Time until the next attempt, zero or more, by the store's clock.</param>
    /// <param name="Reason">Why, in one line; kept in the delivery's history.</param>
    public sealed record RetryOutcome(TimeSpan Delay, string Reason) : Outcome
    {
        /// <summary>The error in full, clipped to 4 KiB; kept in the delivery's history.</summary>
        public string? Detail { get; init; }
    }

    /// <summary>Try again after <paramref name="Delay"/>; spends no attempt.</summary>
    /// <param name="Delay">Time until the next attempt; zero gives the delivery back at once.</param>
    public sealed record SnoozedOutcome(TimeSpan Delay) : Outcome;

    /// <summary>Keep as a dead letter; spends an attempt.</summary>
    /// <param name="Reason">Why, in one line.</param>
    public sealed record DeadOutcome(string Reason) : Outcome
    {
        /// <summary>The error in full, clipped to 4 KiB.</summary>
        public string? Detail { get; init; }
    }

    /// <summary>An operator or the publisher cancelled it.</summary>
    public sealed record CancelledOutcome : Outcome;
}
