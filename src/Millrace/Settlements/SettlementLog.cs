using Millrace.Outcomes;

namespace Millrace.Settlements;

/// <summary>Counts what was written, and tells the dispatcher that room is free.</summary>
internal sealed class SettlementLog
{
    private long _completed;
    private long _retried;
    private long _snoozed;
    private long _released;
    private long _dead;
    private long _cancelled;
    private long _lost;

    /// <summary>Told of each batch, written or refused.</summary>
    public Action<IReadOnlyList<Settlement>>? Freed { get; set; }

    /// <summary>What was written since the start; one writer, any reader.</summary>
    public SettlementCounts Counts => new(_completed, _retried, _snoozed, _released, _dead, _cancelled, _lost);

    public void Written(IReadOnlyList<Settlement> batch, IReadOnlyList<Settlement> refused)
    {
        foreach (var settlement in batch) Count(settlement.Outcome, 1);
        foreach (var settlement in refused) Count(settlement.Outcome, -1);
        _lost += refused.Count;
        Freed?.Invoke(batch);
    }

    private void Count(Outcome outcome, int by)
    {
        if (ReferenceEquals(outcome, Outcome.Released))
        {
            _released += by;
            return;
        }

        switch (outcome)
        {
            case Outcome.CompletedOutcome: _completed += by; break;
            case Outcome.RetryOutcome: _retried += by; break;
            case Outcome.SnoozedOutcome: _snoozed += by; break;
            case Outcome.DeadOutcome: _dead += by; break;
            case Outcome.CancelledOutcome: _cancelled += by; break;
        }
    }
}

/// <summary>Settlements written by one worker since it started.</summary>
/// <param name="Completed">Done.</param>
/// <param name="Retried">Will run again, an attempt spent.</param>
/// <param name="Snoozed">Will run again, none spent.</param>
/// <param name="Released">Given back by a stop, a pause or a parked key.</param>
/// <param name="Dead">Became dead letters.</param>
/// <param name="Cancelled">Cancelled.</param>
/// <param name="Lost">Refused because the claim was lost.</param>
public readonly record struct SettlementCounts(long Completed, long Retried, long Snoozed, long Released, long Dead, long Cancelled, long Lost);
