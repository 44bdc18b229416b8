using System.Diagnostics;
using Millrace.Outcomes;
using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Settlements;
using Millrace.Sources;
using Npgsql;

namespace Millrace.Postgres.Settling;

/// <summary>Writes a batch of outcomes with one statement. Each counts only while its token is the job's latest and the job is still claimed.</summary>
internal static class SettleWork
{
    /// <returns>Those that were refused.</returns>
    public static async Task<IReadOnlyList<Settlement>> SettleAsync(Session session, SourceOptions options, IReadOnlyList<Settlement> batch, bool keep, CancellationToken deadline)
    {
        // The same claim twice in one statement would be written twice: the first counts.
        HashSet<(long, long)> seen = [];
        var rows = batch.Where(settlement => seen.Add((settlement.Delivery.Number, settlement.Delivery.Token))).Select(ToRow).ToArray();
        var holds = options is { Order: Order.PerKey, DeadHead: DeadHeadPolicy.Hold };
        Statement[] statements =
        [
            new("lock_shared", Value.Of([options.Queue])),
            new("settle",
                Value.Of(options.Queue), Value.Of(Array.ConvertAll(rows, row => row.Id)), Value.Of(Array.ConvertAll(rows, row => row.Token)),
                Value.Of(Array.ConvertAll(rows, row => (short)row.Code)), Value.Of(Array.ConvertAll(rows, row => row.Delay)),
                Value.Of(Array.ConvertAll(rows, row => row.Reason)), Value.Of(Array.ConvertAll(rows, row => row.Error)), Value.Of(holds), Value.Of(keep)),
        ];
        // Without keys nobody waits for what is settled here.
        if (batch.All(settlement => settlement.Delivery.Key is null)) statements = statements[1..];
        var (written, freed) = await session.AskAsync(statements, (result, stop) => ReadAsync(result, statements.Length > 1, stop), deadline);
        if (freed > 0 || batch.Any(settlement => settlement.Outcome is Outcome.RetryOutcome or Outcome.SnoozedOutcome)) session.Wake(options.Queue);
        if (written.Count == batch.Count) return [];
        // What is left of `written` counts once: the second of the same claim is refused.
        return [.. batch.Where(settlement => !written.Remove((settlement.Delivery.Number, settlement.Delivery.Token)))];
    }

    private static async Task<(HashSet<(long, long)> Written, long Freed)> ReadAsync(NpgsqlDataReader rows, bool locked, CancellationToken stopping)
    {
        if (locked) await rows.NextResultAsync(stopping);
        HashSet<(long, long)> written = [];
        var freed = 0L;
        while (await rows.ReadAsync(stopping))
        {
            if (!rows.IsDBNull(0)) written = [.. rows.GetFieldValue<long[]>(0).Zip(rows.GetFieldValue<long[]>(1))];
            freed = rows.GetInt64(2);
        }

        return (written, freed);
    }

    private static Row ToRow(Settlement settlement)
    {
        var delivery = settlement.Delivery;
        return settlement.Outcome switch
        {
            Outcome.CompletedOutcome => new(delivery, OutcomeCode.Completed),
            Outcome.CancelledOutcome => new(delivery, OutcomeCode.Cancelled),
            Outcome.RetryOutcome retry => new(delivery, OutcomeCode.Retry, retry.Delay) { Error = ErrorText.WriteRest(delivery.Attempt, retry.Reason, retry.Detail) },
            Outcome.SnoozedOutcome { Delay.Ticks: <= 0 } => new(delivery, OutcomeCode.Released),
            Outcome.SnoozedOutcome snoozed => new(delivery, OutcomeCode.Snoozed, snoozed.Delay),
            Outcome.DeadOutcome dead => new(delivery, OutcomeCode.Dead)
            {
                Reason = dead.Reason,
                Error = ErrorText.WriteRest(delivery.Attempt, dead.Reason, dead.Detail),
            },
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>As numbered in settle.sql.</summary>
    private enum OutcomeCode : short
    {
        Completed = 1,
        Cancelled,
        Retry,
        Snoozed,
        Released,
        Dead,
    }

    private sealed class Row(Delivery delivery, OutcomeCode code, TimeSpan delay = default)
    {
        public long Id => delivery.Number;

        public long Token => delivery.Token;

        public OutcomeCode Code => code;

        public long Delay { get; } = Value.Microseconds(delay);

        public string? Reason { get; init; }

        public string? Error { get; init; }
    }
}
