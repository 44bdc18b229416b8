using Firehose.Decoding;
using Firehose.Records;

namespace Firehose.Storage;

/// <summary>One event with the records of its handled collections read; what a store applies.</summary>
internal sealed class FirehoseEvent
{
    /// <summary>The event; its <see cref="Frame.Ops"/> are not looked at any more.</summary>
    public required Frame Frame { get; init; }

    /// <summary>The id of the delivery that brought it; equal for every attempt at it.</summary>
    public required string Delivery { get; init; }

    /// <summary>True when an operator asked for this event again: what it still may change is then applied although the repository went on.</summary>
    public bool Requeued { get; init; }

    /// <summary>True when somebody else may have one before it of its repository in hand, which it is then to wait for unless the tables hold it.</summary>
    public bool MayWait { get; set; }

    /// <summary>What it does to handled collections, in its order. A store that cannot hold a record notes the fault here.</summary>
    public IReadOnlyList<RecordChange> Changes { get; set; } = [];

    /// <summary>The same event with other changes.</summary>
    public FirehoseEvent With(IReadOnlyList<RecordChange> changes) => new() { Frame = Frame, Delivery = Delivery, Requeued = Requeued, MayWait = MayWait, Changes = changes };
}

/// <summary>One operation on a record that has a table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Uri">The record's at-URI.</param>
/// <param name="Action">What happened.</param>
/// <param name="Cid">The record's CID; default for a delete.</param>
/// <param name="Record">The record; null for a delete and for one that does not fit.</param>
/// <param name="Fault">Why the record does not fit its table, or null.</param>
internal readonly record struct RecordChange(RecordTable Table, string Uri, RepoAction Action, Cid Cid, Record? Record, string? Fault);

/// <summary>What became of an event.</summary>
internal enum Verdict
{
    /// <summary>It is in the tables.</summary>
    Applied,

    /// <summary>It was there already, or something later is.</summary>
    Stale,

    /// <summary>Its account is not active, or it means nothing to the tables.</summary>
    Ignored,

    /// <summary>It is in the tables but for records that do not fit.</summary>
    Rejected,

    /// <summary>Nothing was done: the event before it in its repository is not applied yet.</summary>
    Early,
}

/// <summary>What became of a batch.</summary>
/// <param name="Verdicts">What became of each event.</param>
/// <param name="ChainBreaks">How many events did not follow on what the tables held.</param>
/// <param name="Desynchronized">By how many the number of desynchronized repositories changed.</param>
internal sealed record ApplyResult(Verdict[] Verdicts, int ChainBreaks, int Desynchronized);
