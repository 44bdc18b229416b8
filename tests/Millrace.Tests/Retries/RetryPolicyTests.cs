using Millrace.Outcomes;
using Millrace.Retries;
using Millrace.Sources;

namespace Millrace.Tests.Retries;

/// <summary>From attempt and error to outcome.</summary>
public sealed class RetryPolicyTests
{
    [Fact]
    public void An_unknown_error_is_tried_again_until_the_attempts_are_spent()
    {
        var policy = Policy(new() { MaxAttempts = 3, Jitter = false, Backoff = new Backoff.Fixed(TimeSpan.FromSeconds(7)) });
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.IsType<Outcome.RetryOutcome>(policy.Decide(At(attempt: 2), new InvalidOperationException("no"))).Delay);
        Assert.Equal("attempt 3 of 3 failed: InvalidOperationException: no", Assert.IsType<Outcome.DeadOutcome>(policy.Decide(At(attempt: 3), new InvalidOperationException("no"))).Reason);
    }

    [Theory]
    [InlineData(typeof(PermanentException))]
    [InlineData(typeof(FormatException))]
    [InlineData(typeof(OutOfMemoryException))]
    public void Permanent_and_poison_errors_are_dead_at_once(Type error) =>
        Assert.IsType<Outcome.DeadOutcome>(Policy(new()).Decide(At(attempt: 1), error == typeof(PermanentException) ? new PermanentException("no") : (Exception)Activator.CreateInstance(error)!));

    [Theory]
    [InlineData(30, 30)]
    [InlineData(-5, 1)]
    [InlineData(0, 1)]
    [InlineData(99_999, 3_600)]
    public void Retry_after_is_honoured_within_its_bounds_and_spends_no_attempt(int asked, int seconds)
    {
        var outcome = Policy(new() { Jitter = false }).Decide(At(attempt: 1), new ThrottledException("slow", TimeSpan.FromSeconds(asked)));
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.IsType<Outcome.SnoozedOutcome>(outcome).Delay);
    }

    [Fact]
    public void Somebody_throttled_for_ever_spends_attempts_in_the_end() =>
        Assert.IsType<Outcome.RetryOutcome>(Policy(new()).Decide(At(attempt: 1, snoozes: 1_000), new ThrottledException("slow")));

    [Fact]
    public void Full_jitter_draws_between_zero_and_the_backoff()
    {
        var policy = Policy(new() { Backoff = new Backoff.Fixed(TimeSpan.FromSeconds(10)), BudgetReserve = 10_000 });
        var delays = Enumerable.Range(0, 1_000).Select(_ => ((Outcome.RetryOutcome)policy.Decide(At(attempt: 1), new TransientException("no"))).Delay.TotalSeconds).ToList();
        Assert.All(delays, delay => Assert.InRange(delay, 0, 10));
        Assert.InRange(delays.Average(), 4, 6);
    }

    [Fact]
    public void Beyond_the_budget_retries_wait_for_the_longest_backoff_and_first_attempts_earn_them_back()
    {
        var policy = Policy(new() { Jitter = false, BudgetReserve = 2, BudgetRatio = 0.5, Backoff = new Backoff.Listed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)) });
        TimeSpan Next() => ((Outcome.RetryOutcome)policy.Decide(At(attempt: 1), new TransientException("no"))).Delay;
        Assert.Equal([1, 1, 60], Enumerable.Range(0, 3).Select(_ => (int)Next().TotalSeconds));
        policy.Started(At(attempt: 1));
        policy.Started(At(attempt: 1));
        Assert.Equal([1, 60], Enumerable.Range(0, 2).Select(_ => (int)Next().TotalSeconds));
    }

    [Fact]
    public void A_delivery_that_was_running_in_three_crashes_is_quarantined()
    {
        Assert.Null(Policy(new()).Quarantine(At(attempt: 1, crashes: 2)));
        Assert.Equal("quarantined: it was running in 3 processes when they died", ((Outcome.DeadOutcome)Policy(new()).Quarantine(At(attempt: 1, crashes: 3))!).Reason);
    }

    [Fact]
    public void Your_classifier_is_asked_first_and_one_that_throws_has_no_opinion()
    {
        Assert.IsType<Outcome.DeadOutcome>(Policy(new() { Classifier = _ => ErrorClass.Permanent }).Decide(At(attempt: 1), new TimeoutException()));
        Assert.IsType<Outcome.RetryOutcome>(Policy(new() { Classifier = _ => throw new InvalidOperationException() }).Decide(At(attempt: 1), new TimeoutException()));
    }

    [Fact]
    public void Backoff_grows_to_its_cap_and_a_list_ends_with_its_last()
    {
        var exponential = new Backoff.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal([1, 2, 4, 8, 10, 10], Enumerable.Range(1, 6).Select(attempt => (int)exponential.Delay(attempt).TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(10), exponential.Delay(int.MaxValue));
        Assert.Equal(TimeSpan.FromSeconds(1), new Backoff.Exponential(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), Factor: 1).Delay(int.MaxValue));
        Assert.Equal([1, 5, 5], Enumerable.Range(1, 3).Select(attempt => (int)new Backoff.Listed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)).Delay(attempt).TotalSeconds));
    }

    [Fact]
    public void Every_fault_of_the_options_is_told_with_its_value()
    {
        var faults = new RetryOptions
        {
            MaxAttempts = 0,
            QuarantineAfter = 101,
            BudgetRatio = double.NaN,
            BudgetReserve = -1,
            MaxRetryAfter = TimeSpan.Zero,
            Backoff = new Backoff.Exponential(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1), 0.5),
        }.Faults().ToList();
        Assert.Equal(7, faults.Count);
        Assert.All(faults, fault => Assert.StartsWith("CFG017 ", fault, StringComparison.Ordinal));
        Assert.Contains("CFG017 backoff cap 00:00:01 is below its base 00:00:05.", faults);
    }

    private static RetryPolicy Policy(RetryOptions options) => new(options, new Random(1));

    private static Delivery At(int attempt, int snoozes = 0, int crashes = 0) => new(1) { Queue = "rows", Attempt = attempt, Snoozes = snoozes, Crashes = crashes };
}
