using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Millrace.Diagnostics;
using Millrace.Dispatch;
using Millrace.Outcomes;
using Millrace.Retries;
using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>What a pipeline works with, and the two decisions that single and batch pipelines share.</summary>
internal sealed record PipelineSettings
{
    public required string Worker { get; init; }

    public required Source Source { get; init; }

    public required RetryPolicy Retries { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    public required WorkerMeters Meters { get; init; }

    public IServiceProvider? Services { get; init; }

    public Inbox? Inbox { get; init; }

    public TenantRule Tenants { get; init; } = TenantRule.Any;

    public IReadOnlyList<HandlerStep> Steps { get; init; } = [];

    public int MaxBodyBytes { get; init; } = 256 * 1024;

    public TimeSpan? Timeout { get; init; }

    /// <summary>What all contexts of this worker have in common.</summary>
    public HandlerScope Scope => field ??= new(Worker, Services);

    /// <summary>From an error to an outcome: our stop is not the handler's fault, a time-out is a failure, the rest is the policy's.</summary>
    public Outcome Decide(Delivery delivery, Exception error, Attempt attempt)
    {
        if (error is OperationCanceledException)
        {
            switch (attempt.Interruption)
            {
                case Interruption.Stop or Interruption.Lost:
                    return Outcome.Released;
                case Interruption.Cancel:
                    return Outcome.Cancelled;
                case Interruption.Timeout:
                    error = new TimeoutException($"the handler ran longer than {Timeout}", error);
                    break;
            }
        }

        return Report(delivery, Retries.Decide(delivery, error), error);
    }

    /// <summary>Logs a failure, once, where it was decided.</summary>
    public Outcome Report(Delivery delivery, Outcome outcome, Exception? error)
    {
        switch (outcome)
        {
            case Outcome.RetryOutcome retry:
                Log.RetryPlanned(Logger, delivery.Id, Worker, delivery.Attempt, retry.Delay, error ?? new UnreachableException());
                break;
            case Outcome.SnoozedOutcome snoozed when error is not null:
                Log.Throttled(Logger, delivery.Id, Worker, snoozed.Delay);
                break;
            case Outcome.DeadOutcome dead:
                Log.Died(Logger, delivery.Id, Worker, delivery.Attempt, dead.Reason, error);
                break;
        }

        return outcome;
    }
}
