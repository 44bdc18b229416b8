using System.Buffers;
using System.Text;

namespace Firehose.Decoding;

/// <summary>
/// The form in which a frame waits in the queue: its fields, its operations and the records they name, without the tree and the signature,
/// about a fifth of the recorded frames. First a version byte, so that an older writer's bodies are refused or read, never misread.
/// </summary>
/// <remarks>
/// Layout of version 1: version, kind, flags (bits of <see cref="Part"/>, varint), seq (varint), did, then the parts whose bits are set in the order of
/// the bits, then the number of operations and each of them. Text is a varint length and UTF-8; a CID is its codec and 32 bytes; an
/// operation is a byte (action, 4: has a CID, 8: has a previous CID), the collection's place plus one or 0 and its name, the key, the
/// CIDs, and the record with a varint length.
/// </remarks>
internal static class FrameBody
{
    private const byte Version = 1;
    private const int HasCid = 4, HasPrev = 8;

    [Flags]
    private enum Part
    {
        None = 0,
        Time = 1,
        Rev = 1 << 1,
        Since = 1 << 2,
        Commit = 1 << 3,
        PrevData = 1 << 4,
        Data = 1 << 5,
        Handle = 1 << 6,
        Status = 1 << 7,
        Name = 1 << 8,
        Message = 1 << 9,
        Active = 1 << 10,
        All = (1 << 11) - 1,
    }

    /// <summary>Writes <paramref name="frame"/>.</summary>
    public static void Write(Frame frame, IBufferWriter<byte> output)
    {
        var body = new BodyWriter(output.GetSpan(MaxSize(frame)));
        var parts = PartsOf(frame);
        body.Byte(Version);
        body.Byte((byte)frame.Kind);
        body.Number((ulong)parts);
        body.Number((ulong)frame.Seq);
        body.Text(frame.Did);
        if (parts.HasFlag(Part.Time)) body.Text(frame.Time!);
        if (parts.HasFlag(Part.Rev)) body.Text(frame.Rev!);
        if (parts.HasFlag(Part.Since)) body.Text(frame.Since!);
        if (parts.HasFlag(Part.Commit)) body.Cid(frame.Commit);
        if (parts.HasFlag(Part.PrevData)) body.Cid(frame.PrevData);
        if (parts.HasFlag(Part.Data)) body.Cid(frame.Data);
        if (parts.HasFlag(Part.Handle)) body.Text(frame.Handle!);
        if (parts.HasFlag(Part.Status)) body.Text(frame.Status!);
        if (parts.HasFlag(Part.Name)) body.Text(frame.Name!);
        if (parts.HasFlag(Part.Message)) body.Text(frame.Message!);
        body.Number((ulong)frame.Ops.Count);
        for (var i = 0; i < frame.Ops.Count; i++) WriteOp(ref body, frame.Ops[i]);
        output.Advance(body.Length);
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the records are slices of <paramref name="body"/>.</summary>
    /// <exception cref="DecodingException">The bytes are no body, or one of a newer version.</exception>
    public static Frame Read(ReadOnlyMemory<byte> body)
    {
        var reader = new BodyReader(body);
        var version = reader.Byte();
        if (version != Version) DecodingException.Throw(DecodingException.BadBody, $"version {version} of a stored body is not supported: this build reads {Version}", 0);
        var kind = (FrameKind)reader.Byte();
        if (!Enum.IsDefined(kind)) DecodingException.Throw(DecodingException.BadBody, $"kind {(int)kind} of a stored body is not known", 1);
        var parts = (Part)reader.Number((ulong)Part.All);
        var frame = new Frame
        {
            Kind = kind,
            Active = parts.HasFlag(Part.Active),
            Seq = (long)reader.Number(long.MaxValue),
            Did = reader.Text(),
            Time = parts.HasFlag(Part.Time) ? reader.Text() : null,
            Rev = parts.HasFlag(Part.Rev) ? reader.Text() : null,
            Since = parts.HasFlag(Part.Since) ? reader.Text() : null,
            Commit = parts.HasFlag(Part.Commit) ? reader.Cid() : default,
            PrevData = parts.HasFlag(Part.PrevData) ? reader.Cid() : default,
            Data = parts.HasFlag(Part.Data) ? reader.Cid() : default,
            Handle = parts.HasFlag(Part.Handle) ? reader.Text() : null,
            Status = parts.HasFlag(Part.Status) ? reader.Text() : null,
            Name = parts.HasFlag(Part.Name) ? reader.Text() : null,
            Message = parts.HasFlag(Part.Message) ? reader.Text() : null,
            Ops = ReadOps(ref reader),
        };
        reader.ExpectEnd();
        return frame;
    }

    private static Part PartsOf(Frame frame) =>
        (frame.Time is null ? 0 : Part.Time)
        | (frame.Rev is null ? 0 : Part.Rev)
        | (frame.Since is null ? 0 : Part.Since)
        | (frame.Commit.IsDefault ? 0 : Part.Commit)
        | (frame.PrevData.IsDefault ? 0 : Part.PrevData)
        | (frame.Data.IsDefault ? 0 : Part.Data)
        | (frame.Handle is null ? 0 : Part.Handle)
        | (frame.Status is null ? 0 : Part.Status)
        | (frame.Name is null ? 0 : Part.Name)
        | (frame.Message is null ? 0 : Part.Message)
        | (frame.Active ? Part.Active : 0);

    private static void WriteOp(ref BodyWriter body, RepoOp op)
    {
        body.Byte((byte)((int)op.Action | (op.Cid.IsDefault ? 0 : HasCid) | (op.Prev.IsDefault ? 0 : HasPrev)));
        var place = Collections.PlaceOf(op.Collection);
        body.Number((ulong)(place + 1));
        if (place < 0) body.Text(op.Collection);
        body.Text(op.RecordKey);
        if (!op.Cid.IsDefault) body.Cid(op.Cid);
        if (!op.Prev.IsDefault) body.Cid(op.Prev);
        body.Bytes(op.Record.Span);
    }

    private static RepoOp[] ReadOps(ref BodyReader reader)
    {
        var count = reader.Count(smallestItem: 5);
        if (count == 0) return [];
        var ops = new RepoOp[Math.Min(count, 256)];   // grows with what is really there, not with what is declared
        for (var i = 0; i < count; i++)
        {
            if (i == ops.Length) Array.Resize(ref ops, Math.Min(ops.Length * 2, count));
            ops[i] = ReadOp(ref reader);
        }
        return ops;
    }

    private static RepoOp ReadOp(ref BodyReader reader)
    {
        var head = reader.Byte(HasCid | HasPrev | 3);
        if ((head & 3) > (int)RepoAction.Delete) reader.Fail("an action is not known");
        var place = (int)reader.Number((ulong)Collections.Count);
        var collection = place == 0 ? reader.Text() : Collections.At(place - 1);
        var key = reader.Text();
        var cid = (head & HasCid) != 0 ? reader.Cid() : default;
        var prev = (head & HasPrev) != 0 ? reader.Cid() : default;
        return new RepoOp((RepoAction)(head & 3), collection, key, cid, reader.Bytes()) { Prev = prev };
    }

    /// <summary>Enough bytes in every case: three for each UTF-16 unit, and the longest form of every number.</summary>
    private static int MaxSize(Frame frame)
    {
        var size = 256 + Utf8Size(frame.Did) + Utf8Size(frame.Time) + Utf8Size(frame.Rev) + Utf8Size(frame.Since) + Utf8Size(frame.Handle)
            + Utf8Size(frame.Status) + Utf8Size(frame.Name) + Utf8Size(frame.Message);
        for (var i = 0; i < frame.Ops.Count; i++)
        {
            var op = frame.Ops[i];
            size += 128 + Utf8Size(op.Collection) + Utf8Size(op.RecordKey) + op.Record.Length;
        }
        return size;
    }

    private static int Utf8Size(string? text) => text is null ? 0 : Encoding.UTF8.GetMaxByteCount(text.Length);
}
