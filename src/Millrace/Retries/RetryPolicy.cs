using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Retries;

/// <summary>From attempt and error to outcome. Pure but for the budget and the dice.</summary>
internal sealed class RetryPolicy(RetryOptions options, Random random)
{
    private const int MaxDetail = 4096;
    private const int MaxSnoozesByThrottling = 1000;

    private static readonly TimeSpan ShortestPatience = TimeSpan.FromMilliseconds(1);

    private readonly RetryBudget _budget = new(options.BudgetRatio, options.BudgetReserve);

    public ErrorClass Classify(Exception error)
    {
        try
        {
            return options.Classifier?.Invoke(error) ?? ErrorClassifiers.BuiltIn(error);
        }
        catch (Exception)
        {
            // A classifier that fails has no opinion; the error it was asked about is the one to report.
            return ErrorClassifiers.BuiltIn(error);
        }
    }

    /// <summary>Notes that an attempt starts.</summary>
    public void Started(Delivery delivery)
    {
        if (delivery.Attempt == 1) _budget.Earn();
    }

    /// <summary>Dead without running when the delivery was running in too many processes that died.</summary>
    public Outcome? Quarantine(Delivery delivery) => delivery.Crashes < options.QuarantineAfter ? null
        : Outcome.Dead($"quarantined: it was running in {delivery.Crashes} processes when they died");

    public Outcome Decide(Delivery delivery, Exception error) => Classify(error) switch
    {
        ErrorClass.Permanent or ErrorClass.Poison => Dead(error, Describe(error)),
        ErrorClass.Throttled when delivery.Snoozes < MaxSnoozesByThrottling => Outcome.Snoozed(Patience(delivery, error)),
        _ when delivery.Attempt >= options.MaxAttempts => Dead(error, $"attempt {delivery.Attempt} of {options.MaxAttempts} failed: {Describe(error)}"),
        _ => Outcome.Retry(NextDelay(delivery.Attempt), Describe(error)) with { Detail = Clip(error.ToString()) },
    };

    private TimeSpan NextDelay(int attempt)
    {
        var delay = _budget.TrySpend() ? options.Backoff.Delay(attempt) : options.Backoff.Delay(int.MaxValue);
        return Jittered(delay);
    }

    private TimeSpan Patience(Delivery delivery, Exception error)
    {
        // Zero or a time in the past says nothing, and taken at its word it would be a tight loop that counts as no snooze.
        if ((error as ThrottledException)?.RetryAfter is not { } asked || asked <= TimeSpan.Zero)
            return Max(Jittered(options.Backoff.Delay(delivery.Attempt)), ShortestPatience);
        if (asked > options.MaxRetryAfter) asked = options.MaxRetryAfter;
        // Never earlier than asked, and not all at once.
        return options.Jitter ? asked + (asked * 0.1 * random.NextDouble()) : asked;
    }

    private TimeSpan Jittered(TimeSpan delay) => options.Jitter ? delay * random.NextDouble() : delay;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private static Outcome Dead(Exception error, string reason) => Outcome.Dead(reason) with { Detail = Clip(error.ToString()) };

    private static string Describe(Exception error) => $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}";

    private static string Clip(string text) => text.Length <= MaxDetail ? text : text[..MaxDetail];
}
