using System.Diagnostics.CodeAnalysis;
using System.Text;
using Millrace.Storage;

namespace Firehose.Decoding;

/// <summary>
/// Decodes one WebSocket message, two CBOR items one after the other, in one pass. An op or type that is not known is no error. Records are
/// slices of the message and are not looked into: what an odd server put there must not stop the stream. Tree blocks are passed over.
/// </summary>
internal static class FrameDecoder
{
    private const long MaxSeq = (1L << 53) - 1;
    private static readonly FrameDecoderOptions Defaults = new();

    /// <summary>`{t: "#commit", op: 1}`, which nearly all frames start with.</summary>
    private static ReadOnlySpan<byte> UsualHeader => [0xa2, 0x61, (byte)'t', 0x67, (byte)'#', (byte)'c', (byte)'o', (byte)'m', (byte)'m', (byte)'i', (byte)'t', 0x62, (byte)'o', (byte)'p', 0x01];

    /// <summary>Decodes a frame; the result shares its bytes.</summary>
    /// <exception cref="DecodingException">The frame is malformed or too large: the connection cannot be trusted any more.</exception>
    public static Frame Decode(ReadOnlyMemory<byte> frame, FrameDecoderOptions? options = null)
    {
        options ??= Defaults;
        if (frame.Length > options.MaxFrameBytes)
            DecodingException.Throw(DecodingException.FrameTooLarge, $"a frame of {frame.Length} bytes is over the limit of {options.MaxFrameBytes}", 0);
        var input = frame.Span;
        var isUsual = input.StartsWith(UsualHeader);
        var reader = new CborReader(input, isUsual ? UsualHeader.Length : 0);
        var kind = isUsual ? FrameKind.Commit : ReadHeader(ref reader);
        if (kind == FrameKind.Unknown) return new Frame { Kind = kind };

        var decoded = kind switch
        {
            FrameKind.Commit => CommitDecoder.Decode(ref reader, frame, options),
            FrameKind.Sync => DecodeSync(ref reader, frame, options),
            FrameKind.Info or FrameKind.Error => DecodeNotice(ref reader, kind),
            _ => DecodeAccount(ref reader, kind),
        };
        if (!reader.AtEnd) DecodingException.Throw(DecodingException.BadFrame, $"{frame.Length - reader.Position} bytes follow the body", reader.Position);
        return decoded;
    }

    private static FrameKind ReadHeader(ref CborReader reader)
    {
        var (op, type) = (0L, FrameKind.Unknown);
        var (hasOp, hasType) = (false, false);
        var map = reader.ReadMap("the header");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("op"u8)) (op, hasOp) = (reader.ReadInteger("op"), true);
            else if (key.SequenceEqual("t"u8)) (type, hasType) = (KindOf(reader.ReadText("t")), true);
            else reader.Skip();
        }
        if (!hasOp) DecodingException.Throw(DecodingException.BadFrame, "the header has no op", 0);
        if (op == -1) return FrameKind.Error;
        if (op == 1 && !hasType) DecodingException.Throw(DecodingException.BadFrame, "the header has no t", 0);
        return op == 1 ? type : FrameKind.Unknown;
    }

    private static FrameKind KindOf(ReadOnlySpan<byte> type)
    {
        if (type.SequenceEqual("#commit"u8)) return FrameKind.Commit;
        if (type.SequenceEqual("#identity"u8)) return FrameKind.Identity;
        if (type.SequenceEqual("#account"u8)) return FrameKind.Account;
        if (type.SequenceEqual("#sync"u8)) return FrameKind.Sync;
        return type.SequenceEqual("#info"u8) ? FrameKind.Info : FrameKind.Unknown;
    }

    private static Frame DecodeSync(ref CborReader reader, ReadOnlyMemory<byte> frame, FrameDecoderOptions options)
    {
        var start = reader.Position;
        var (seq, did, rev, time) = (0L, default(string), default(string), default(string));
        var blocks = default(Blocks?);
        var map = reader.ReadMap("the body");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("seq"u8)) seq = ReadSeq(ref reader);
            else if (key.SequenceEqual("did"u8)) did = ReadDid(ref reader, "did");
            else if (key.SequenceEqual("rev"u8)) rev = ReadRev(ref reader, "rev");
            else if (key.SequenceEqual("time"u8)) time = ReadOptionalText(ref reader, "time");
            else if (key.SequenceEqual("blocks"u8)) blocks = Blocks.Locate(ref reader);
            else reader.Skip();
        }
        Require(seq != 0, "seq", start);
        Require(did is not null, "did", start);
        Require(rev is not null, "rev", start);
        Require(blocks is not null, "blocks", start);
        var commit = default(Cid);
        var data = blocks!.Value.Match(frame, ref commit, [], options);
        return new Frame { Kind = FrameKind.Sync, Seq = seq, Did = did!, Rev = rev, Time = time, Commit = commit, Data = data };
    }

    private static Frame DecodeAccount(ref CborReader reader, FrameKind kind)
    {
        var start = reader.Position;
        var (seq, did, time) = (0L, default(string), default(string));
        var (handle, status, active) = (default(string), default(string), default(bool?));
        var map = reader.ReadMap("the body");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("seq"u8)) seq = ReadSeq(ref reader);
            else if (key.SequenceEqual("did"u8)) did = ReadDid(ref reader, "did");
            else if (key.SequenceEqual("time"u8)) time = ReadOptionalText(ref reader, "time");
            else if (kind == FrameKind.Identity && key.SequenceEqual("handle"u8)) handle = ReadOptionalText(ref reader, "handle");
            else if (kind == FrameKind.Account && key.SequenceEqual("status"u8)) status = ReadOptionalText(ref reader, "status");
            else if (kind == FrameKind.Account && key.SequenceEqual("active"u8)) active = reader.ReadBoolean("active");
            else reader.Skip();
        }
        Require(seq != 0, "seq", start);
        Require(did is not null, "did", start);
        Require(kind != FrameKind.Account || active is not null, "active", start);
        return new Frame { Kind = kind, Seq = seq, Did = did!, Time = time, Handle = handle, Active = active ?? false, Status = status };
    }

    private static Frame DecodeNotice(ref CborReader reader, FrameKind kind)
    {
        var start = reader.Position;
        var (name, message) = (default(string), default(string));
        var map = reader.ReadMap("the body");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual(kind == FrameKind.Error ? "error"u8 : "name"u8)) name = ReadOptionalText(ref reader, "name");
            else if (key.SequenceEqual("message"u8)) message = ReadOptionalText(ref reader, "message");
            else reader.Skip();
        }
        Require(name is not null, kind == FrameKind.Error ? "error" : "name", start);
        return new Frame { Kind = kind, Name = name, Message = message };
    }

    internal static void Require(bool present, string field, int bodyStart)
    {
        if (!present) ThrowMissing(field, bodyStart);
    }

    [DoesNotReturn]
    private static void ThrowMissing(string field, int bodyStart) =>
        DecodingException.Throw(DecodingException.BadFrame, $"the body has no {field}, which it must have", bodyStart);

    internal static long ReadSeq(ref CborReader reader)
    {
        var start = reader.Position;
        var seq = reader.ReadInteger("seq");
        if (seq is < 1 or > MaxSeq) ThrowSeq(seq, start);
        return seq;
    }

    [DoesNotReturn]
    private static void ThrowSeq(long seq, int start) =>
        DecodingException.Throw(DecodingException.BadFrame, $"seq {seq} is not allowed: it must be 1 to {MaxSeq}", start);

    internal static string ReadDid(ref CborReader reader, string field)
    {
        var start = reader.Position;
        var did = reader.ReadText(field);
        if (!Did.IsValid(did)) ThrowSyntax(field, did, "a DID", start);
        return Encoding.Latin1.GetString(did);
    }

    internal static string ReadRev(ref CborReader reader, string field)
    {
        var start = reader.Position;
        var rev = reader.ReadText(field);
        if (!Tid.IsValid(rev)) ThrowSyntax(field, rev, "a TID", start);
        return Encoding.Latin1.GetString(rev);
    }

    internal static string? ReadOptionalText(ref CborReader reader, string field) =>
        reader.TryReadNull() ? null : Encoding.UTF8.GetString(reader.ReadText(field));

    [DoesNotReturn]
    internal static void ThrowSyntax(string field, ReadOnlySpan<byte> got, string allowed, int offset) =>
        DecodingException.Throw(DecodingException.BadFrame, $"{field} \"{JobRules.Clip(Encoding.UTF8.GetString(got))}\" is not allowed: it must be {allowed}", offset);
}
