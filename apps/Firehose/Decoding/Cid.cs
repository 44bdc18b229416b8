using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Firehose.Decoding;

/// <summary>A content identifier as the AT Protocol uses them: version 1, codec dag-cbor or raw, SHA-256; 36 bytes on the wire.</summary>
public readonly struct Cid : IEquatable<Cid>
{
    /// <summary>Length of the binary form in bytes.</summary>
    public const int ByteLength = 36;

    /// <summary>Length of the text form, `b` and base32, in characters.</summary>
    public const int TextLength = 59;

    /// <summary>Codec of records, commits and tree nodes.</summary>
    public const byte DagCbor = 0x71;

    /// <summary>Codec of blobs.</summary>
    public const byte Raw = 0x55;

    private const byte Version = 0x01, Sha256 = 0x12, DigestLength = 0x20;
    private const uint OurStart = Version | Sha256 << 16 | DigestLength << 24;   // the codec goes between

    private static readonly SearchValues<byte> TextCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+="u8);

    // Four numbers rather than 32 bytes: comparing CIDs is what matching blocks with operations consists of.
    private readonly ulong _first, _second, _third, _fourth;
    private readonly byte _codec;

    private Cid(byte codec, ReadOnlySpan<byte> digest)
    {
        _codec = codec;
        _first = BinaryPrimitives.ReadUInt64LittleEndian(digest);
        _second = BinaryPrimitives.ReadUInt64LittleEndian(digest[8..]);
        _third = BinaryPrimitives.ReadUInt64LittleEndian(digest[16..]);
        _fourth = BinaryPrimitives.ReadUInt64LittleEndian(digest[24..]);
    }

    /// <summary>True for the default value, which stands for "no CID".</summary>
    public bool IsDefault => _codec == 0;

    /// <summary><see cref="DagCbor"/>, <see cref="Raw"/>, or 0 for the default value.</summary>
    public byte Codec => _codec;

    /// <summary>The CID of <paramref name="content"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The codec is neither <see cref="DagCbor"/> nor <see cref="Raw"/>.</exception>
    public static Cid Of(ReadOnlySpan<byte> content, byte codec = DagCbor)
    {
        if (codec is not (DagCbor or Raw)) throw new ArgumentOutOfRangeException(nameof(codec), codec, "The codec must be 0x71 (dag-cbor) or 0x55 (raw).");
        Span<byte> digest = stackalloc byte[DigestLength];
        SHA256.HashData(content, digest);
        return new Cid(codec, digest);
    }

    /// <summary>Whether <paramref name="content"/> has this CID's hash.</summary>
    public bool Names(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        SHA256.HashData(content, digest);
        return new Cid(_codec, digest) == this;
    }

    /// <summary>Reads the 36-byte form; false for anything else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Cid cid)
    {
        if (bytes.Length == ByteLength && StartsAsOurs(bytes))
        {
            cid = new Cid(bytes[1], bytes[4..]);
            return true;
        }
        cid = default;
        return false;
    }

    /// <summary>Reads the 59-character base32 form, `bafyrei…` or `bafkrei…`; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cid cid)
    {
        cid = default;
        Span<byte> bytes = stackalloc byte[ByteLength];
        return text is { Length: TextLength } && text[0] == 'b' && Base32.TryDecode(text.AsSpan(1), bytes) && TryRead(bytes, out cid);
    }

    /// <summary>
    /// Whether <paramref name="text"/> fits the protocol's string format `cid`, which admits any base, codec and hash but not version 0.
    /// </summary>
    public static bool IsText(ReadOnlySpan<byte> text) =>
        text.Length is >= 8 and <= 256 && !text.StartsWith("Qmb"u8) && !text.ContainsAnyExcept(TextCharacters);

    /// <summary>Whether <paramref name="bytes"/> start with this CID's binary form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Starts(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= ByteLength && BinaryPrimitives.ReadUInt64LittleEndian(bytes[4..]) == _first && StartsAfterAll(bytes);

    private bool StartsAfterAll(ReadOnlySpan<byte> bytes) => TryRead(bytes[..ByteLength], out var cid) && cid == this;

    /// <summary>Writes the 36-byte form.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public void WriteTo(Span<byte> destination)
    {
        if (IsDefault) throw new InvalidOperationException("The default CID names nothing and has no binary form.");
        destination[3] = DigestLength;
        (destination[0], destination[1], destination[2]) = (Version, _codec, Sha256);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[4..], _first);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[12..], _second);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[20..], _third);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[28..], _fourth);
    }

    /// <summary>The 59-character base32 form; empty for the default value.</summary>
    public override string ToString()
    {
        if (IsDefault) return "";
        Span<byte> bytes = stackalloc byte[ByteLength];
        WriteTo(bytes);
        return TextOf(bytes);
    }

    /// <inheritdoc/>
    public bool Equals(Cid other) =>
        _first == other._first && _second == other._second && _third == other._third && _fourth == other._fourth && _codec == other._codec;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Cid other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)_first;

    /// <summary>Whether both name the same content.</summary>
    public static bool operator ==(Cid left, Cid right) => left.Equals(right);

    /// <summary>Whether they name different content.</summary>
    public static bool operator !=(Cid left, Cid right) => !left.Equals(right);

    /// <summary>The text form of any binary CID of version 1, also of one with a codec or hash that this type does not hold.</summary>
    internal static string TextOf(ReadOnlySpan<byte> binary)
    {
        Span<char> text = stackalloc char[256];
        var length = 1 + Base32.EncodedLength(binary.Length);
        if (length > text.Length) text = new char[length];
        text[0] = 'b';
        Base32.Encode(binary, text[1..length]);
        return new string(text[..length]);
    }

    /// <summary>Whether <paramref name="bytes"/>, at least 36 of them, start with the prefix of a CID that this type holds.</summary>
    internal static bool StartsAsOurs(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes) is (OurStart | DagCbor << 8) or (OurStart | Raw << 8);
}
