using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Firehose.Decoding;

/// <summary>Decodes the body of a `#commit`.</summary>
internal static class CommitDecoder
{
    /// <summary>So many operations are made room for on a mere declaration; beyond, the array grows with what is really there.</summary>
    private const int TrustedOps = 256;

    public static Frame Decode(ref CborReader reader, ReadOnlyMemory<byte> frame, FrameDecoderOptions options)
    {
        var start = reader.Position;
        var (seq, did, rev, since, time) = (0L, default(string), default(string), default(string), default(string));
        var (commit, prevData) = (default(Cid), default(Cid));
        var (ops, blocks, tooBig) = (default(RepoOp[]), default(Blocks?), false);
        var map = reader.ReadMap("the body");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("ops"u8)) ops = ReadOps(ref reader);
            else if (key.SequenceEqual("rev"u8)) rev = FrameDecoder.ReadRev(ref reader, "rev");
            else if (key.SequenceEqual("seq"u8)) seq = FrameDecoder.ReadSeq(ref reader);
            else if (key.SequenceEqual("repo"u8)) did = FrameDecoder.ReadDid(ref reader, "repo");
            else if (key.SequenceEqual("time"u8)) time = FrameDecoder.ReadOptionalText(ref reader, "time");
            else if (key.SequenceEqual("since"u8)) since = reader.TryReadNull() ? null : FrameDecoder.ReadRev(ref reader, "since");
            else if (key.SequenceEqual("blocks"u8)) blocks = Blocks.Locate(ref reader);
            else if (key.SequenceEqual("commit"u8)) commit = ReadCid(ref reader, "commit");
            else if (key.SequenceEqual("tooBig"u8)) tooBig = reader.ReadBoolean("tooBig");
            else if (key.SequenceEqual("prevData"u8)) prevData = ReadOptionalCid(ref reader, "prevData");
            else reader.Skip();
        }
        FrameDecoder.Require(seq != 0, "seq", start);
        FrameDecoder.Require(did is not null, "repo", start);
        FrameDecoder.Require(rev is not null, "rev", start);
        FrameDecoder.Require(!commit.IsDefault, "commit", start);
        FrameDecoder.Require(ops is not null, "ops", start);
        FrameDecoder.Require(blocks is not null, "blocks", start);

        // Before sync 1.1 a commit that was too big came without any block.
        var data = tooBig && blocks!.Value.Length == 0 ? default : blocks!.Value.Match(frame, ref commit, ops!, options);
        return new Frame
        {
            Kind = FrameKind.Commit,
            Seq = seq,
            Did = did!,
            Time = time,
            Rev = rev,
            Since = since,
            Commit = commit,
            PrevData = prevData,
            Data = data,
            Ops = ops!,
        };
    }

    private static RepoOp[] ReadOps(ref CborReader reader)
    {
        var array = reader.ReadArray("ops");
        if (array.Remaining == 0)
        {
            reader.NextItem(ref array);
            return [];
        }
        var ops = new RepoOp[Math.Min(array.Remaining, TrustedOps)];
        var count = 0;
        while (reader.NextItem(ref array))
        {
            if (count == ops.Length) Array.Resize(ref ops, Math.Min(ops.Length * 2, count + 1 + array.Remaining));
            ops[count++] = ReadOp(ref reader);
        }
        return ops;
    }

    private static RepoOp ReadOp(ref CborReader reader)
    {
        var start = reader.Position;
        var (cid, prev, action) = (default(Cid), default(Cid), default(RepoAction?));
        var (collection, recordKey) = (default(string), default(string));
        var map = reader.ReadMap("an op");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("cid"u8)) cid = ReadOptionalCid(ref reader, "an op's cid");
            else if (key.SequenceEqual("path"u8)) (collection, recordKey) = ReadPath(ref reader);
            else if (key.SequenceEqual("prev"u8)) prev = ReadOptionalCid(ref reader, "an op's prev");
            else if (key.SequenceEqual("action"u8)) action = ReadAction(ref reader);
            else reader.Skip();
        }
        FrameDecoder.Require(action is not null, "action in an op", start);
        FrameDecoder.Require(collection is not null, "path in an op", start);
        FrameDecoder.Require(action == RepoAction.Delete || !cid.IsDefault, "cid in an op that is no delete", start);
        return new RepoOp(action!.Value, collection!, recordKey!, action == RepoAction.Delete ? default : cid, default) { Prev = prev };
    }

    private static (string Collection, string RecordKey) ReadPath(ref CborReader reader)
    {
        var start = reader.Position;
        var path = reader.ReadText("an op's path");
        var slash = path.IndexOf((byte)'/');
        if (slash < 0 || !RecordKey.IsValid(path[(slash + 1)..]) || !Collections.TryRead(path[..slash], out var collection))
        {
            FrameDecoder.ThrowSyntax("an op's path", path, "a collection, a slash and a record key", start);
            return default;
        }
        return (collection, Encoding.Latin1.GetString(path[(slash + 1)..]));
    }

    private static RepoAction ReadAction(ref CborReader reader)
    {
        var start = reader.Position;
        var action = reader.ReadText("an op's action");
        if (action.SequenceEqual("create"u8)) return RepoAction.Create;
        if (action.SequenceEqual("update"u8)) return RepoAction.Update;
        if (!action.SequenceEqual("delete"u8)) FrameDecoder.ThrowSyntax("an op's action", action, "create, update or delete", start);
        return RepoAction.Delete;
    }

    private static Cid ReadOptionalCid(ref CborReader reader, string field) => reader.TryReadNull() ? default : ReadCid(ref reader, field);

    private static Cid ReadCid(ref CborReader reader, string field)
    {
        var start = reader.Position;
        if (!Cid.TryRead(reader.ReadLink(field), out var cid)) ThrowOtherCid(field, start);
        return cid;
    }

    [DoesNotReturn]
    private static void ThrowOtherCid(string field, int start) =>
        DecodingException.Throw(DecodingException.InvalidLink, $"{field} must be a dag-cbor or raw CID with SHA-256", start);
}
