using System.Diagnostics;
using Millrace.Diagnostics;
using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Sqlite.Files;
using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Settling;

/// <summary>Writes a batch of outcomes inside a commit group. Each counts only while its token is the job's latest and the job is still claimed.</summary>
internal static class SettleWork
{
    public static IReadOnlyList<Settlement> Settle(WriteSession session, long queue, SourceOptions options, IReadOnlyList<Settlement> batch)
    {
        List<Settlement> refused = [];
        // Only a fetch holds jobs back, so one look serves the batch.
        var anyHeld = session.Sql["any_job_held"].Bind(1, queue).Scalar() != 0;
        foreach (var settlement in batch)
            if (!Settle(session, queue, options, settlement)) refused.Add(settlement);
            else if (anyHeld && settlement.Delivery.Key is { } key) FinishWork.FreeKey(session, queue, key);
        return refused;
    }

    private static bool Settle(WriteSession session, long queue, SourceOptions options, Settlement settlement)
    {
        var delivery = settlement.Delivery;
        if (settlement.Outcome is Outcome.CompletedOutcome) return FinishWork.Complete(session, delivery);
        if (FindClaim(session, delivery) is not { } claim) return false;
        Write(session, queue, options, settlement, claim);
        return true;
    }

    private static void Write(WriteSession session, long queue, SourceOptions options, Settlement settlement, Claim claim)
    {
        var delivery = settlement.Delivery;
        switch (settlement.Outcome)
        {
            case Outcome.DeadOutcome dead:
                var holds = options is { Order: Order.PerKey, DeadHead: DeadHeadPolicy.Hold } && delivery.Key is not null;
                Bury(session, delivery, dead, claim, holds);
                break;
            case Outcome.CancelledOutcome:
            case Outcome.RetryOutcome or Outcome.SnoozedOutcome when claim.Cancelled:
                FinishWork.Finish(session, delivery.Number, FinalState.Cancelled);
                break;
            case Outcome.RetryOutcome retry:
                var errors = ErrorsText.Append(claim.Errors, new(Time(session), delivery.Attempt, retry.Reason, retry.Detail));
                Park(session, delivery, retry.Delay, attempts: 1, snoozes: 0, errors);
                session.Wake(queue);
                break;
            case Outcome.SnoozedOutcome { Delay.Ticks: <= 0 }:
                session.Sql["give_back_job"].Bind(1, delivery.Number).Bind(2, 0).Run();
                session.Wake(queue);
                break;
            case Outcome.SnoozedOutcome snoozed:
                Park(session, delivery, snoozed.Delay, attempts: 0, snoozes: 1, errors: null);
                session.Wake(queue);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static Claim? FindClaim(WriteSession session, Delivery delivery)
    {
        var find = session.Sql.FindClaim.Bind(1, delivery.Number).Bind(2, delivery.Token);
        if (!find.Step()) return null;
        var claim = new Claim(find.Int(0) != 0, find.Bytes(1).ToArray());
        find.Reset();
        return claim;
    }

    private static void Park(WriteSession session, Delivery delivery, TimeSpan delay, int attempts, int snoozes, byte[]? errors) =>
        session.Sql["park_job"].Bind(1, delivery.Number).Bind(2, session.Now + (long)Math.Ceiling(delay.TotalMilliseconds))
            .Bind(3, attempts).Bind(4, snoozes).Bind(5, errors).Run();

    private static void Bury(WriteSession session, Delivery delivery, Outcome.DeadOutcome dead, Claim claim, bool holds)
    {
        var errors = ErrorsText.Append(claim.Errors, new(Time(session), delivery.Attempt, dead.Reason, dead.Detail));
        session.Sql["bury_job"].Bind(1, delivery.Number).Bind(2, holds ? 1 : 0).Bind(3, session.Now).Bind(4, dead.Reason).Bind(5, errors).Run();
        CrashPoints.Reach("deadletter.written");
        session.Sql["delete_job"].Bind(1, delivery.Number).Run();
    }

    private static DateTimeOffset Time(WriteSession session) => DateTimeOffset.FromUnixTimeMilliseconds(session.Now);

    private readonly record struct Claim(bool Cancelled, byte[] Errors);
}
