using System.Diagnostics.CodeAnalysis;

namespace Firehose.Decoding;

/// <summary>
/// Reads a CARv1 archive that lies inside a larger input, forward and without copying. The archive's order means nothing; duplicates and blocks
/// that nobody asked for are handed out like any other.
/// </summary>
internal ref struct CarReader
{
    private static readonly int UsualLength = UsualStart.Length + Cid.ByteLength + UsualEnd.Length;

    private readonly ReadOnlySpan<byte> _input;   // ends where the archive ends
    private int _position;

    /// <param name="input">The whole input, so that offsets in errors count from its start.</param>
    /// <param name="start">Where the archive starts.</param>
    /// <param name="length">Its length in bytes.</param>
    public CarReader(ReadOnlySpan<byte> input, int start, int length)
    {
        _input = input[..(start + length)];
        _position = start;
    }

    /// <summary>Reads the header, which must come first, and returns the first root.</summary>
    public Cid ReadRoot()
    {
        var header = _input[_position..];
        if (header.Length >= UsualLength && header.StartsWith(UsualStart) && header[..UsualLength].EndsWith(UsualEnd)
            && Cid.TryRead(header.Slice(UsualStart.Length, Cid.ByteLength), out var usual))
        {
            _position += UsualLength;
            return usual;
        }
        return ReadOtherRoot();
    }

    private Cid ReadOtherRoot()
    {
        var start = _position;
        var length = ReadSectionLength();
        var end = _position + length;
        var reader = new CborReader(_input[..end], _position);
        if (reader.PeekKind() != CborKind.Map) DecodingException.Throw(DecodingException.BadArchiveHeader, "the header is no map", start);
        var (root, version, rooted) = (default(Cid), 0L, false);
        var map = reader.ReadMap("the archive's header");
        while (reader.NextKey(ref map, out var key))
        {
            if (key.SequenceEqual("version"u8)) version = reader.ReadInteger("version");
            else if (key.SequenceEqual("roots"u8)) rooted = ReadRoots(ref reader, out root);
            else reader.Skip();
        }
        if (version != 1) DecodingException.Throw(DecodingException.BadArchiveHeader, $"archive version {version} is not supported: only 1 is", start);
        if (!rooted) DecodingException.Throw(DecodingException.NoRoots, "the header names no root", start);
        if (!reader.AtEnd) DecodingException.Throw(DecodingException.BadArchiveHeader, "bytes follow the header's map", reader.Position);
        _position = end;
        return root;
    }

    /// <summary>Reads the next block, or returns false at the end.</summary>
    public bool TryReadBlock(out CarBlock block)
    {
        if (_position == _input.Length)
        {
            block = default;
            return false;
        }
        var start = _position;
        var length = ReadSectionLength();
        var section = _input.Slice(_position, length);
        var ours = section.Length >= Cid.ByteLength && Cid.StartsAsOurs(section);
        var cidLength = ours ? Cid.ByteLength : ForeignCidLength(section, start);
        block = new CarBlock(_position, ours, _position + cidLength, length - cidLength);
        _position += length;
        return true;
    }

    /// <summary>`{roots: [a link], version: 1}` up to the CID, which nearly all archives start with, and from there on.</summary>
    private static ReadOnlySpan<byte> UsualStart =>
        [58, 0xa2, 0x65, (byte)'r', (byte)'o', (byte)'o', (byte)'t', (byte)'s', 0x81, 0xd8, 42, 0x58, 37, 0];

    private static ReadOnlySpan<byte> UsualEnd => [0x67, (byte)'v', (byte)'e', (byte)'r', (byte)'s', (byte)'i', (byte)'o', (byte)'n', 1];

    private static bool ReadRoots(ref CborReader reader, out Cid root)
    {
        root = default;
        var found = false;
        var roots = reader.ReadArray("roots");
        while (reader.NextItem(ref roots))
        {
            var start = reader.Position;
            var link = reader.ReadLink("a root");
            if (found) continue;
            if (!Cid.TryRead(link, out root)) DecodingException.Throw(DecodingException.InvalidLink, "the root must be a dag-cbor or raw CID with SHA-256", start);
            found = true;
        }
        return found;
    }

    private int ReadSectionLength()
    {
        var start = _position;
        var rest = _input[start..];
        if (rest.Length > 1 && rest[0] >= 0x80 && rest[1] is > 0 and < 0x80)   // two bytes: 128 to 16,383, as most
        {
            var usual = rest[0] & 0x7f | rest[1] << 7;
            _position = start + 2;
            if (usual > rest.Length - 2) ThrowBeyondArchive((ulong)usual, start);
            return usual;
        }
        return ReadOtherLength(start);
    }

    private int ReadOtherLength(int start)
    {
        if (!Varint.TryRead(_input[start..], out var length, out var width))
            DecodingException.Throw(DecodingException.BadVarint, "a section's length is cut off or longer than ten bytes", start);
        if (length == 0) DecodingException.Throw(DecodingException.EmptySection, "a section has no bytes", start);
        _position += width;
        if (length > (ulong)(_input.Length - _position)) ThrowBeyondArchive(length, start);
        return (int)length;
    }

    [DoesNotReturn]
    private readonly void ThrowBeyondArchive(ulong length, int start) =>
        DecodingException.Throw(DecodingException.SectionBeyondArchive, $"a section of {length} bytes reaches beyond the archive, which has {_input.Length - _position} left", start);

    /// <summary>The length of a CID that no record can have: another version, codec or hash.</summary>
    private static int ForeignCidLength(ReadOnlySpan<byte> section, int start)
    {
        if (section is [0x12, 0x20, ..] && section.Length >= 34) return 34;   // version 0
        var at = 0;
        ulong part = 0;
        for (var i = 0; i < 4; i++)   // version, codec, hash, hash length
        {
            if (!Varint.TryRead(section[at..], out part, out var width) || (i == 0 && part != 1))
                DecodingException.Throw(DecodingException.EmptySection, "a section does not start with a CID", start);
            at += width;
        }
        if (part > (ulong)(section.Length - at)) DecodingException.Throw(DecodingException.EmptySection, "a section ends inside its CID", start);
        return at + (int)part;
    }
}

/// <summary>One block of an archive.</summary>
/// <param name="CidStart">Where its binary CID starts in the input.</param>
/// <param name="IsOurs">Whether that is one that <see cref="Cid"/> holds; others have a codec or a hash that the protocol does not use.</param>
/// <param name="Start">Where its bytes start.</param>
/// <param name="Length">How many there are.</param>
internal readonly record struct CarBlock(int CidStart, bool IsOurs, int Start, int Length);
