using System.Diagnostics;
using System.Globalization;
using Millrace.Outcomes;
using Millrace.Redis.Connecting;
using Millrace.Redis.Fetching;
using Millrace.Redis.Messages;
using Millrace.Settlements;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis.Settling;

/// <summary>Writes batches of outcomes one after the other, each with a number, so that a batch whose answer was lost can be sent again.</summary>
internal sealed class SettlementWriter(RedisLink link, QueueKeys keys, SourceOptions source, RedisStoreOptions store) : IDisposable
{
    // More arguments make the script's stack, and everybody's wait, too long.
    private const int MostInOneCall = 2_000;

    private readonly SemaphoreSlim _writing = new(1);

    // Claims of another source that come back through this one must not be taken for that one's writes.
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private long _number;

    // A write that failed may have been carried out, and comes again under another number.
    private bool _unsure;

    public async Task<Written> WriteAsync(IReadOnlyList<Settlement> batch, string owner, CancellationToken deadline)
    {
        await _writing.WaitAsync(deadline);
        try
        {
            if (batch.Count <= MostInOneCall) return await WritePartAsync(batch, owner, deadline);
            List<Settlement> refused = [];
            List<string> lost = [];
            var returned = false;
            foreach (var part in batch.Chunk(MostInOneCall))
            {
                var written = await WritePartAsync(part, owner, deadline);
                refused.AddRange(written.Refused);
                lost.AddRange(written.Lost);
                returned |= written.Returned;
            }

            return new(refused, lost, returned);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    private async Task<Written> WritePartAsync(IReadOnlyList<Settlement> batch, string owner, CancellationToken deadline)
    {
        List<Settlement>? others = null;
        List<RedisValue>? completed = null;
        foreach (var settlement in batch)
            if (IsPlain(settlement, owner)) AddCompleted(completed ??= BeginCompleted(owner, batch.Count), settlement.Delivery);
            else (others ??= []).Add(settlement);

        // An owner that is gone has nothing to complete; the careful way says so for each.
        if (completed is not null && (int)await CompleteAsync(completed, deadline) == 0) others = [.. batch];
        return others is null ? new([], [], Returned: false) : await SettleAsync(others, deadline);
    }

    private bool IsPlain(Settlement settlement, string owner) =>
        store.Retention.MaxCount == 0 && settlement.Outcome is Outcome.CompletedOutcome && settlement.Delivery.Receipt is Claim { IsNew: true } claim && claim.Owner == owner;

    private string NextNumber() => string.Create(CultureInfo.InvariantCulture, $"{_writer}.{++_number}");

    private List<RedisValue> BeginCompleted(string owner, int count) =>
        new(4 + (count * (Ordered ? 2 : 1))) { owner, NextNumber(), store.Free == FreeEntries.Trim, Ordered ? _unsure ? 2 : 1 : 0 };

    private async Task<RedisResult> CompleteAsync(List<RedisValue> completed, CancellationToken deadline)
    {
        _unsure = true;
        var answer = await link.RunAsync(Script.Complete, keys, deadline, completed);
        _unsure = false;
        return answer;
    }

    private void AddCompleted(List<RedisValue> arguments, Delivery delivery)
    {
        arguments.Add(EntryId.OfJob(delivery.Queue, delivery.Id));
        if (Ordered) arguments.Add(delivery.Key ?? "");
    }

    private async Task<Written> SettleAsync(List<Settlement> batch, CancellationToken deadline)
    {
        List<RedisValue> arguments = new(3 + (batch.Count * 8)) { Ordered, source.DeadHead == DeadHeadPolicy.Hold, NextNumber() };
        var returned = false;
        foreach (var (delivery, outcome) in batch)
        {
            var claim = (Claim)delivery.Receipt!;
            arguments.AddRange([EntryId.OfJob(delivery.Queue, delivery.Id), claim.Owner, delivery.Token, delivery.Key ?? ""]);
            AddOutcome(arguments, outcome);
            returned |= outcome is Outcome.RetryOutcome or Outcome.SnoozedOutcome;
        }

        var answer = (RedisResult[])(await link.RunAsync(Script.Settle, keys, deadline, arguments))!;
        return new([.. ((int[])answer[0]!).Select(place => batch[place - 1])], (string[])answer[1]!, returned);
    }

    private static void AddOutcome(List<RedisValue> arguments, Outcome outcome) => arguments.AddRange(outcome switch
    {
        Outcome.CompletedOutcome => ["completed", 0, "", ""],
        Outcome.CancelledOutcome => ["cancelled", 0, "", ""],
        Outcome.DeadOutcome dead => ["dead", 0, ErrorText.Write(dead.Reason, dead.Detail), ErrorText.Clip(dead.Reason)],
        Outcome.RetryOutcome retry => ["retry", Milliseconds(retry.Delay), ErrorText.Write(retry.Reason, retry.Detail), ""],
        Outcome.SnoozedOutcome snoozed => (RedisValue[])["snoozed", Milliseconds(snoozed.Delay), "", ""],
        _ => throw new UnreachableException(),
    });

    private bool Ordered => source.Order == Sources.Order.PerKey;

    // Never early: a part of a millisecond is a whole one.
    private static long Milliseconds(TimeSpan delay) => delay <= TimeSpan.Zero ? 0 : (long)Math.Ceiling(delay.TotalMilliseconds);
}

/// <summary>What became of a batch.</summary>
/// <param name="Refused">The settlements whose claim was lost.</param>
/// <param name="Lost">Ids of entries that were to be kept and are gone.</param>
/// <param name="Returned">Whether any of it will be handed out again.</param>
internal readonly record struct Written(IReadOnlyList<Settlement> Refused, IReadOnlyList<string> Lost, bool Returned);
