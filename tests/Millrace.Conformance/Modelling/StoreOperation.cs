using CsCheck;
using Millrace.Sources;

namespace Millrace.Conformance.Modelling;

/// <summary>What is done to the store in one step of a model run.</summary>
public enum StoreAction
{
    Enqueue,
    Fetch,
    Settle,
    SettleAgain,
    Mark,
    Renew,
    Advance,
    Lapse,
    Requeue,
    Discard,
    Cancel,
    Reopen,
    Prune,
}

/// <summary>One step; the numbers choose source, job, count and the like, each modulo what there is.</summary>
public readonly record struct StoreOperation(StoreAction Action, int Source, int Pick, int Size)
{
    // As often as a busy day would have them, but the rare ones far more often.
    private static readonly StoreAction[] s_mix =
    [
        .. Enumerable.Repeat(StoreAction.Enqueue, 20), .. Enumerable.Repeat(StoreAction.Fetch, 22), .. Enumerable.Repeat(StoreAction.Settle, 24),
        .. Enumerable.Repeat(StoreAction.SettleAgain, 3), .. Enumerable.Repeat(StoreAction.Mark, 6), .. Enumerable.Repeat(StoreAction.Renew, 4),
        .. Enumerable.Repeat(StoreAction.Advance, 7), .. Enumerable.Repeat(StoreAction.Lapse, 3), .. Enumerable.Repeat(StoreAction.Requeue, 4),
        .. Enumerable.Repeat(StoreAction.Discard, 2), .. Enumerable.Repeat(StoreAction.Cancel, 3), .. Enumerable.Repeat(StoreAction.Reopen, 1),
        .. Enumerable.Repeat(StoreAction.Prune, 1),
    ];

    internal static Gen<StoreRun> Runs { get; } = Gen.Select(
        Gen.Int[0, 3],
        Gen.Select(Gen.Int[0, s_mix.Length - 1], Gen.Int[0, 1], Gen.Int[0, 1_000], Gen.Int[0, 1_000], (action, source, pick, size) => new StoreOperation(s_mix[action], source, pick, size)).Array[1, 100],
        (mode, operations) => new StoreRun(mode == 0 ? Order.None : Order.PerKey, mode == 1 ? DeadHeadPolicy.Continue : DeadHeadPolicy.Hold, operations));
}

/// <summary>A whole run from an empty queue.</summary>
internal sealed record StoreRun(Order Order, DeadHeadPolicy DeadHead, StoreOperation[] Operations)
{
    public string Describe() => $"{Order}, dead heads {DeadHead}:\n  " + string.Join("\n  ", Operations);
}
