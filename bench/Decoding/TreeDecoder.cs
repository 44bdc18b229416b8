using System.Formats.Cbor;

namespace Bench.Decoding;

/// <summary>
/// What one would write without a decoder of one's own: System.Formats.Cbor builds objects of header, body, the commit block (where the root of
/// the tree is named) and the record of each operation; the archive is cut by hand. Byte strings stay slices, so nothing is copied that need
/// not be.
/// </summary>
internal static class TreeDecoder
{
    private const int CidLength = 36;

    /// <param name="frame">The whole message.</param>
    /// <param name="mode">How much is checked: canonical has the rules for keys and integers that our decoder checks, too.</param>
    /// <param name="everyBlock">Whether objects are built of the tree's nodes and of strays, too, as by one who does not tell blocks apart.</param>
    public static (object? Header, object? Body, List<object?> Records) Decode(ReadOnlyMemory<byte> frame, CborConformanceMode mode, bool everyBlock)
    {
        var (header, body) = ReadParts(frame, mode);
        var records = new List<object?>();
        if (body is Dictionary<string, object?> fields && fields.GetValueOrDefault("blocks") is ReadOnlyMemory<byte> archive)
        {
            var blocks = ReadBlocks(archive);
            if (everyBlock)
            {
                foreach (var block in blocks.Values) records.Add(ReadValue(new CborReader(block, mode)));
                return (header, body, records);
            }
            if (fields.GetValueOrDefault("commit") is Link commit && blocks.TryGetValue(commit, out var signed)) records.Add(ReadValue(new CborReader(signed, mode)));
            if (fields.GetValueOrDefault("ops") is List<object?> ops)
                foreach (var op in ops)
                    if (((Dictionary<string, object?>)op!)["cid"] is Link link && blocks.TryGetValue(link, out var record))
                        records.Add(ReadValue(new CborReader(record, mode)));
        }
        return (header, body, records);
    }

    /// <summary>The archive of a frame, or null when it has none.</summary>
    public static ReadOnlyMemory<byte>? BlocksOf(ReadOnlyMemory<byte> frame) =>
        ReadParts(frame, CborConformanceMode.Lax).Body is Dictionary<string, object?> fields && fields.GetValueOrDefault("blocks") is ReadOnlyMemory<byte> archive
            ? archive
            : default(ReadOnlyMemory<byte>?);

    private static (object? Header, object? Body) ReadParts(ReadOnlyMemory<byte> frame, CborConformanceMode mode)
    {
        var reader = new CborReader(frame, mode, allowMultipleRootLevelValues: true);
        return (ReadValue(reader), ReadValue(reader));
    }

    private static Dictionary<Link, ReadOnlyMemory<byte>> ReadBlocks(ReadOnlyMemory<byte> archive)
    {
        var blocks = new Dictionary<Link, ReadOnlyMemory<byte>>();
        var at = 0;
        var header = ReadLength(archive.Span, ref at);
        at += header;
        while (at < archive.Length)
        {
            var length = ReadLength(archive.Span, ref at);
            blocks[new Link(archive.Slice(at, CidLength))] = archive.Slice(at + CidLength, length - CidLength);
            at += length;
        }
        return blocks;
    }

    private static int ReadLength(ReadOnlySpan<byte> archive, ref int at)
    {
        var (length, shift) = (0, 0);
        byte b;
        do
        {
            b = archive[at++];
            length |= (b & 0x7f) << shift;
            shift += 7;
        }
        while (b >= 0x80);
        return length;
    }

    private static object? ReadValue(CborReader reader)
    {
        switch (reader.PeekState())
        {
            case CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger: return reader.ReadInt64();
            case CborReaderState.TextString: return reader.ReadTextString();
            case CborReaderState.ByteString: return reader.ReadDefiniteLengthByteString();
            case CborReaderState.Boolean: return reader.ReadBoolean();
            case CborReaderState.Tag:
                reader.ReadTag();
                return new Link(reader.ReadDefiniteLengthByteString()[1..]);
            case CborReaderState.StartArray:
                var list = new List<object?>(reader.ReadStartArray()!.Value);
                while (reader.PeekState() != CborReaderState.EndArray) list.Add(ReadValue(reader));
                reader.ReadEndArray();
                return list;
            case CborReaderState.StartMap:
                var map = new Dictionary<string, object?>(reader.ReadStartMap()!.Value);
                while (reader.PeekState() != CborReaderState.EndMap) map.Add(reader.ReadTextString(), ReadValue(reader));
                reader.ReadEndMap();
                return map;
            default:
                reader.ReadNull();
                return null;
        }
    }

    /// <summary>A binary CID that compares by content.</summary>
    private readonly struct Link(ReadOnlyMemory<byte> cid) : IEquatable<Link>
    {
        public bool Equals(Link other) => cid.Span.SequenceEqual(other.Bytes);

        public override bool Equals(object? obj) => obj is Link other && Equals(other);

        public override int GetHashCode() => BitConverter.ToInt32(cid.Span[8..]);

        private ReadOnlySpan<byte> Bytes => cid.Span;
    }
}
