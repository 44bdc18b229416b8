using System.Diagnostics.CodeAnalysis;

namespace Firehose.Decoding;

/// <summary>Where the archive of a frame lies; finds in it the commit and the records that the operations name.</summary>
/// <param name="Start">First byte, from the start of the frame.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct Blocks(int Start, int Length)
{
    /// <summary>Up to so many operations, comparing each block with each is quicker than a table.</summary>
    private const int FewOps = 16;

    /// <summary>Reads past the byte string that holds the archive.</summary>
    public static Blocks Locate(ref CborReader reader)
    {
        var length = reader.ReadBytes("blocks").Length;
        return new Blocks(reader.Position - length, length);
    }

    /// <summary>
    /// Gives every operation its record and returns the tree root that the commit block names. A missing record block leaves the record
    /// empty, a missing commit block the root default; duplicates and strays do no harm.
    /// </summary>
    /// <param name="frame">The whole frame.</param>
    /// <param name="commit">The commit block's CID; when default, set to the archive's root.</param>
    /// <param name="ops">Their records are set.</param>
    /// <param name="options">Whether to hash.</param>
    public Cid Match(ReadOnlyMemory<byte> frame, ref Cid commit, RepoOp[] ops, FrameDecoderOptions options)
    {
        var input = frame.Span;
        var car = new CarReader(input, Start, Length);
        var root = car.ReadRoot();
        if (commit.IsDefault) commit = root;
        var table = ops.Length > FewOps ? TableOf(ops) : null;
        var (data, rootSeen) = (default(Cid), false);
        while (car.TryReadBlock(out var block))
        {
            var cid = input.Slice(block.CidStart, block.Start - block.CidStart);
            if (options.VerifyBlockHashes)
            {
                Verify(input, block);
                rootSeen |= root.Starts(cid);
            }
            if (commit.Starts(cid)) data = ReadData(input, block);
            else if (table is not null) Fill(table, cid, frame.Slice(block.Start, block.Length));
            else Fill(ops, cid, frame, block);
        }
        if (options.VerifyBlockHashes && !rootSeen) ThrowRootMissing(root);
        if (table is not null)
            for (var i = 0; i < ops.Length; i++)
                if (!ops[i].Cid.IsDefault) ops[i] = ops[i] with { Record = table[ops[i].Cid] };
        return data;
    }

    private static Dictionary<Cid, ReadOnlyMemory<byte>> TableOf(RepoOp[] ops)
    {
        var table = new Dictionary<Cid, ReadOnlyMemory<byte>>(ops.Length);
        foreach (var op in ops)
            if (!op.Cid.IsDefault) table[op.Cid] = default;
        return table;
    }

    private static void Fill(Dictionary<Cid, ReadOnlyMemory<byte>> table, ReadOnlySpan<byte> bytes, ReadOnlyMemory<byte> record)
    {
        if (Cid.TryRead(bytes, out var cid) && table.ContainsKey(cid)) table[cid] = record;
    }

    private static void Fill(RepoOp[] ops, ReadOnlySpan<byte> cid, ReadOnlyMemory<byte> frame, CarBlock block)
    {
        for (var i = 0; i < ops.Length; i++)   // equal records under several keys share one block
            if (ops[i].Cid.Starts(cid)) ops[i] = ops[i] with { Record = frame.Slice(block.Start, block.Length) };
    }

    private static void Verify(ReadOnlySpan<byte> input, CarBlock block)
    {
        if (!Cid.TryRead(input[block.CidStart..block.Start], out var cid))
            DecodingException.Throw(DecodingException.HashMismatch, "a block has a hash of an unknown kind and cannot be checked", block.Start);
        if (!cid.Names(input.Slice(block.Start, block.Length))) ThrowMismatch(cid, block);
    }

    [DoesNotReturn]
    private static void ThrowMismatch(Cid cid, CarBlock block) =>
        DecodingException.Throw(DecodingException.HashMismatch, $"the bytes of block {cid} have another hash", block.Start);

    [DoesNotReturn]
    private void ThrowRootMissing(Cid root) =>
        DecodingException.Throw(DecodingException.RootMissing, $"the root {root} is not among the blocks", Start);

    private static Cid ReadData(ReadOnlySpan<byte> frame, CarBlock block)
    {
        var reader = new CborReader(frame[..(block.Start + block.Length)], block.Start);
        var map = reader.ReadMap("the commit block");
        while (reader.NextKey(ref map, out var key))
        {
            if (!key.SequenceEqual("data"u8))
            {
                reader.Skip();
                continue;
            }
            var start = reader.Position;
            if (!Cid.TryRead(reader.ReadLink("data"), out var data))
                DecodingException.Throw(DecodingException.InvalidLink, "the commit's data must be a dag-cbor CID with SHA-256", start);
            return data;
        }
        return default;
    }
}
