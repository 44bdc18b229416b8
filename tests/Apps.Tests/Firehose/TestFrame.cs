using System.Formats.Cbor;
using Firehose.Decoding;

namespace Apps.Tests.Firehose;

/// <summary>Puts frames together with somebody else's CBOR writer; every part can be replaced by a bad one.</summary>
internal static class TestFrame
{
    public const string Repo = "did:plc:stauwswnu2ngh6kav452cpse";
    public const string Rev = "3n2wpyrj3ak27";

    public static readonly byte[] EmptyTree = Cbor(w => Map(w, ("e", x => Array(x)), ("l", x => x.WriteNull())));

    public static byte[] Cbor(Action<CborWriter> write, CborConformanceMode mode = CborConformanceMode.Canonical)
    {
        var writer = new CborWriter(mode);
        write(writer);
        return writer.Encode();
    }

    public static void Map(CborWriter writer, params (string Key, Action<CborWriter> Value)[] fields)
    {
        writer.WriteStartMap(fields.Length);
        foreach (var (key, value) in fields)
        {
            writer.WriteTextString(key);
            value(writer);
        }
        writer.WriteEndMap();
    }

    public static void Array(CborWriter writer, params Action<CborWriter>[] items)
    {
        writer.WriteStartArray(items.Length);
        foreach (var item in items) item(writer);
        writer.WriteEndArray();
    }

    public static void Link(CborWriter writer, Cid cid)
    {
        var bytes = new byte[1 + Cid.ByteLength];
        cid.WriteTo(bytes.AsSpan(1));
        writer.WriteTag((CborTag)42);
        writer.WriteByteString(bytes);
    }

    public static byte[] Header(long op = 1, string? type = "#commit") =>
        type is null ? Cbor(w => Map(w, ("op", x => x.WriteInt64(op)))) : Cbor(w => Map(w, ("op", x => x.WriteInt64(op)), ("t", x => x.WriteTextString(type))));

    /// <summary>A commit that creates the records; <paramref name="blocks"/> takes the place of the archive that would fit.</summary>
    public static byte[] Commit((string Path, byte[] Record)[] records, byte[]? blocks = null)
    {
        var commit = CommitBlock();
        var ops = records.Select(record => (Action<CborWriter>)(w => Map(
            w,
            ("cid", x => Link(x, Cid.Of(record.Record))),
            ("path", x => x.WriteTextString(record.Path)),
            ("action", x => x.WriteTextString("create")))));
        return [.. Header(), .. Body(
            ("repo", x => x.WriteTextString(Repo)),
            ("rev", x => x.WriteTextString(Rev)),
            ("seq", x => x.WriteInt64(7)),
            ("since", x => x.WriteNull()),
            ("commit", x => Link(x, Cid.Of(commit))),
            ("blocks", x => x.WriteByteString(blocks ?? Archive([commit, .. records.Select(record => record.Record)]))),
            ("ops", x => Array(x, [.. ops])))];
    }

    public static byte[] Body(params (string Key, Action<CborWriter> Value)[] fields) => Cbor(w => Map(w, fields));

    public static byte[] CommitBlock() => Cbor(w => Map(
        w,
        ("did", x => x.WriteTextString(Repo)),
        ("rev", x => x.WriteTextString(Rev)),
        ("data", x => Link(x, Cid.Of(EmptyTree))),
        ("version", x => x.WriteInt64(3))));

    /// <summary>An archive of these blocks, the first of which is its root.</summary>
    public static byte[] Archive(byte[][] blocks) => [.. ArchiveHeader(1, Cid.Of(blocks[0])), .. blocks.SelectMany(Block)];

    public static byte[] ArchiveHeader(long version, params Cid[] roots) => Section(Cbor(w => Map(
        w,
        ("roots", x => Array(x, [.. roots.Select(root => (Action<CborWriter>)(y => Link(y, root)))])),
        ("version", x => x.WriteInt64(version)))));

    public static byte[] Block(byte[] bytes) => Block(Cid.Of(bytes), bytes);

    public static byte[] Block(Cid cid, byte[] bytes)
    {
        var binary = new byte[Cid.ByteLength];
        cid.WriteTo(binary);
        return Section([.. binary, .. bytes]);
    }

    public static byte[] Section(byte[] bytes)
    {
        var length = new byte[Varint.MaxLength];
        return [.. length[..Varint.Write(length, (ulong)bytes.Length)], .. bytes];
    }
}
