using Firehose.Decoding;
using Firehose.Records;

namespace Firehose.Storage;

/// <summary>What a batch does to one row, folded: the last word of the batch on its URI.</summary>
internal sealed class RowChange
{
    public required RowChangeKind Kind { get; init; }
    public required RecordTable Table { get; init; }
    public required string Uri { get; init; }
    public required string Did { get; init; }
    public required string Rev { get; init; }
    public required DateTimeOffset IndexedAt { get; init; }
    public Cid Cid { get; init; }

    /// <summary>The new content; null unless the row is put.</summary>
    public Record? Record { get; init; }

    /// <summary>The revision of the latest delete among what was folded, which leaves a tombstone although the row may have come back, or null.</summary>
    public string? TombstoneRev { get; init; }

    /// <summary>True when later changes of the repository are in the tables already, so that a tombstone may forbid this one.</summary>
    public bool Late { get; init; }

    /// <summary>The order of putting: the earliest of a pair is the one that counts, however the events were batched.</summary>
    public static int ComparePuts(RowChange left, RowChange right)
    {
        var byRev = string.CompareOrdinal(left.Rev, right.Rev);
        return byRev != 0 ? byRev : string.CompareOrdinal(left.Uri, right.Uri);
    }
}

/// <summary>How a row changes.</summary>
internal enum RowChangeKind
{
    /// <summary>Put; most likely there is none yet.</summary>
    Insert,

    /// <summary>Put in place of the one that most likely is there.</summary>
    Replace,

    /// <summary>Removed by its owner.</summary>
    Delete,

    /// <summary>Removed because its new content does not fit; may come back when a later build can read it.</summary>
    Withdraw,
}
