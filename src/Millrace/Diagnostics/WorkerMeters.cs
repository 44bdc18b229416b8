using System.Diagnostics;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Diagnostics;

/// <summary>The engine's instruments with one worker's tags, made once so that a record costs no allocation.</summary>
internal sealed class WorkerMeters
{
    private readonly TagList _completed;
    private readonly TagList _failed;
    private readonly TagList _plain;
    private readonly TagList _fetch;
    private readonly TagList _settle;

    public WorkerMeters(string worker, string queue, string messagingSystem)
    {
        _plain = new TagList
        {
            { "messaging.system", messagingSystem },
            { "messaging.destination.name", queue },
            { "millrace.worker", worker },
        };
        _completed = With("messaging.operation.name", "process");
        _failed = With("messaging.operation.name", "process");
        _failed.Add("error.type", "failed");
        _fetch = With("messaging.operation.name", "receive");
        _settle = With("messaging.operation.name", "settle");
    }

    public void Processed(TimeSpan took, Delivery delivery, Outcome outcome)
    {
        MillraceTelemetry.ProcessDuration.Record(took.TotalSeconds, IsFailure(outcome) ? _failed : _completed);
        Finished(delivery, outcome);
    }

    public void ProcessedBatch(TimeSpan took, IReadOnlyList<Delivery> deliveries, Outcome[] outcomes)
    {
        if (!MillraceTelemetry.ProcessDuration.Enabled) return;
        MillraceTelemetry.ProcessDuration.Record(took.TotalSeconds, Array.Exists(outcomes, IsFailure) ? _failed : _completed);
        for (var i = 0; i < outcomes.Length; i++) Finished(deliveries[i], outcomes[i]);
    }

    public void Fetched(int count, TimeSpan took)
    {
        MillraceTelemetry.Consumed.Add(count, _fetch);
        MillraceTelemetry.OperationDuration.Record(took.TotalSeconds, _fetch);
    }

    public void Settled(TimeSpan took) => MillraceTelemetry.OperationDuration.Record(took.TotalSeconds, _settle);

    private static bool IsFailure(Outcome outcome) => outcome is Outcome.RetryOutcome or Outcome.DeadOutcome;

    private void Finished(Delivery delivery, Outcome outcome)
    {
        if (outcome is Outcome.CompletedOutcome or Outcome.DeadOutcome) MillraceTelemetry.Attempts.Record(delivery.Attempt, _plain);
        if (outcome is Outcome.DeadOutcome) MillraceTelemetry.Dead.Add(1, _plain);
    }

    private TagList With(string name, string value)
    {
        var tags = _plain;
        tags.Add(name, value);
        return tags;
    }
}
