namespace Firehose.Decoding;

/// <summary>What a frame of `com.atproto.sync.subscribeRepos` says.</summary>
public enum FrameKind
{
    /// <summary>An op or a type that this build does not know; to be ignored and counted.</summary>
    Unknown,

    /// <summary>`#commit`: records created, updated or deleted in one repository.</summary>
    Commit,

    /// <summary>`#sync`: the repository's state was reset.</summary>
    Sync,

    /// <summary>`#identity`: the handle may have changed.</summary>
    Identity,

    /// <summary>`#account`: the account's status at this host.</summary>
    Account,

    /// <summary>`#info`: a notice without a sequence number.</summary>
    Info,

    /// <summary>`op: -1`: the server closes right after.</summary>
    Error,
}

/// <summary>What happened to one record.</summary>
public enum RepoAction
{
    /// <summary>The record is new.</summary>
    Create,

    /// <summary>The record has new content.</summary>
    Update,

    /// <summary>The record is gone.</summary>
    Delete,
}

/// <summary>One frame, or one stored event made of it; members that its kind does not have are null or zero.</summary>
public sealed class Frame
{
    /// <summary>Which message this is.</summary>
    public required FrameKind Kind { get; init; }

    /// <summary>Position in the relay's stream; 0 for those that bear none.</summary>
    public long Seq { get; init; }

    /// <summary>The repository (a commit's `repo`, else `did`).</summary>
    public string Did { get; init; } = "";

    /// <summary>The relay's informal time stamp, as sent.</summary>
    public string? Time { get; init; }

    /// <summary>The repository's revision, a TID.</summary>
    public string? Rev { get; init; }

    /// <summary>The revision before this commit.</summary>
    public string? Since { get; init; }

    /// <summary>The CID of the commit block (a sync's: of its CAR root).</summary>
    public Cid Commit { get; init; }

    /// <summary>The tree root before this commit, or default.</summary>
    public Cid PrevData { get; init; }

    /// <summary>The tree root named in the commit block, or default when that block is missing.</summary>
    public Cid Data { get; init; }

    /// <summary>The operations of a commit, in their order.</summary>
    public IReadOnlyList<RepoOp> Ops { get; init; } = [];

    /// <summary>An identity's handle, or null.</summary>
    public string? Handle { get; init; }

    /// <summary>Whether an account is active.</summary>
    public bool Active { get; init; }

    /// <summary>An account's status when not active: takendown, suspended, deleted, deactivated, desynchronized, throttled.</summary>
    public string? Status { get; init; }

    /// <summary>An info's name, or an error's name.</summary>
    public string? Name { get; init; }

    /// <summary>An info's or an error's message.</summary>
    public string? Message { get; init; }
}

/// <summary>One operation on one record.</summary>
/// <param name="Action">What happened.</param>
/// <param name="Collection">The NSID of the record's collection.</param>
/// <param name="RecordKey">The record's key.</param>
/// <param name="Cid">The record's CID; default for a delete.</param>
/// <param name="Record">The record's DAG-CBOR bytes; empty for a delete and when the block is missing.</param>
public readonly record struct RepoOp(RepoAction Action, string Collection, string RecordKey, Cid Cid, ReadOnlyMemory<byte> Record)
{
    /// <summary>The CID that an update or a delete replaces, or default; hosts before sync 1.1 do not say it.</summary>
    public Cid Prev { get; init; }
}
