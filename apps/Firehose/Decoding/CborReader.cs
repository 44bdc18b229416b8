using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace Firehose.Decoding;

/// <summary>
/// Reads DAG-CBOR forward, straight from the bytes: definite lengths, shortest forms, sorted unique text keys, tag 42 only, no floats.
/// Nothing is allocated, so no declared length can cost memory; positions count from the start of the whole input.
/// </summary>
internal ref partial struct CborReader
{
    /// <summary>The deepest nesting of arrays and maps.</summary>
    public const int MaxDepth = 64;

    private static ReadOnlySpan<byte> UsualLinkStart => [0xd8, 42, 0x58, 37, 0, 1];

    private readonly ReadOnlySpan<byte> _input;
    private int _position;
    private int _depth;

    public CborReader(ReadOnlySpan<byte> input, int start = 0)
    {
        _input = input;
        _position = start;
    }

    /// <summary>Where the next value starts.</summary>
    public readonly int Position => _position;

    public readonly bool AtEnd => _position == _input.Length;

    /// <summary>The type of the next value, which is not read yet.</summary>
    public readonly CborKind PeekKind()
    {
        if (AtEnd) ThrowEnd();
        var initial = _input[_position];
        return (initial >> 5) switch
        {
            0 or 1 => CborKind.Integer,
            2 => CborKind.Bytes,
            3 => CborKind.Text,
            4 => CborKind.Array,
            5 => CborKind.Map,
            6 => CborKind.Link,
            _ => initial switch
            {
                0xf4 or 0xf5 => CborKind.Boolean,
                0xf6 => CborKind.Null,
                _ => CborKind.Unsupported,
            },
        };
    }

    /// <summary>Enters a map; every <see cref="NextKey"/> must be followed by reading or skipping its value.</summary>
    public MapCursor ReadMap(string field)
    {
        var count = ReadCount(5, CborKind.Map, field);
        if (count > (_input.Length - _position) / 2) ThrowBeyondEnd((ulong)count, _position);   // a pair takes two bytes at least
        Enter();
        return new MapCursor { Remaining = count, PreviousLength = -1 };
    }

    /// <summary>Reads the next key of a map, or leaves the map and returns false.</summary>
    public bool NextKey(scoped ref MapCursor map, out ReadOnlySpan<byte> key)
    {
        if (map.Remaining == 0)
        {
            _depth--;
            key = default;
            return false;
        }
        map.Remaining--;
        var start = _position;
        if (!TryReadShortAscii(out key)) key = ReadOtherText("a map key");
        if (key.Length <= map.PreviousLength && !ComesAfter(key, _input.Slice(map.PreviousStart, map.PreviousLength))) ThrowUnsorted(start);
        map.PreviousStart = _position - key.Length;
        map.PreviousLength = key.Length;
        return true;
    }

    /// <summary>Enters an array; every <see cref="NextItem"/> must be followed by reading or skipping the item.</summary>
    public ArrayCursor ReadArray(string field)
    {
        var count = ReadCount(4, CborKind.Array, field);
        Enter();
        return new ArrayCursor { Remaining = count };
    }

    /// <summary>Moves to the next item of an array, or leaves the array and returns false.</summary>
    public bool NextItem(scoped ref ArrayCursor array)
    {
        if (array.Remaining-- > 0) return true;
        _depth--;
        return false;
    }

    /// <summary>Reads text, checked to be UTF-8, as a slice of the input.</summary>
    public ReadOnlySpan<byte> ReadText(string field) => TryReadShortAscii(out var text) ? text : ReadOtherText(field);

    /// <summary>Reads a byte string as a slice of the input.</summary>
    public ReadOnlySpan<byte> ReadBytes(string field) => Take(ReadCount(2, CborKind.Bytes, field));

    public long ReadInteger(string field)
    {
        var start = _position;
        if (AtEnd || _input[start] >> 5 > 1) ThrowOtherType(CborKind.Integer, field);
        var negative = _input[start] >> 5 == 1;
        var argument = ReadHead();
        if (argument > long.MaxValue) ThrowTooLarge(field, start);
        return negative ? -1 - (long)argument : (long)argument;
    }

    public bool ReadBoolean(string field)
    {
        if (AtEnd || _input[_position] is not (0xf4 or 0xf5)) ThrowOtherType(CborKind.Boolean, field);
        return _input[_position++] == 0xf5;
    }

    /// <summary>Reads a null if there is one.</summary>
    public bool TryReadNull()
    {
        if (AtEnd || _input[_position] != 0xf6) return false;
        _position++;
        return true;
    }

    /// <summary>Reads a link and returns the binary CID in it, which is of version 1 but may have any codec and hash.</summary>
    public ReadOnlySpan<byte> ReadLink(string field)
    {
        // Nearly every link is a CID of 36 bytes: tag 42, a byte string of 37, a zero byte, version 1.
        var rest = _input[_position..];
        if (rest.Length >= UsualLinkStart.Length - 1 + Cid.ByteLength && rest.StartsWith(UsualLinkStart))
        {
            _position += UsualLinkStart.Length - 1 + Cid.ByteLength;
            return rest.Slice(UsualLinkStart.Length - 1, Cid.ByteLength);
        }
        return ReadOtherLink(field);
    }

    private ReadOnlySpan<byte> ReadOtherLink(string field)
    {
        var start = _position;
        if (AtEnd || _input[_position] >> 5 != 6) ThrowOtherType(CborKind.Link, field);
        var tag = ReadHead();
        if (tag != 42) ThrowOtherTag(tag, start);
        if (AtEnd || _input[_position] >> 5 != 2) ThrowNoLink("something else than a byte string", start);
        var link = ReadBytes(field);
        if (link.Length < 5 || link[0] != 0 || link[1] != 1) ThrowNoLink("other bytes", start);
        return link[1..];
    }

    /// <summary>Reads past the next value, checking all of it.</summary>
    public void Skip()
    {
        switch (PeekKind())
        {
            case CborKind.Integer: ReadInteger("an integer"); break;
            case CborKind.Bytes: ReadBytes("a byte string"); break;
            case CborKind.Text: ReadText("text"); break;
            case CborKind.Link: ReadLink("a link"); break;
            case CborKind.Boolean or CborKind.Null: _position++; break;
            case CborKind.Array:
                var array = ReadArray("an array");
                while (NextItem(ref array)) Skip();
                break;
            case CborKind.Map:
                var map = ReadMap("a map");
                while (NextKey(ref map, out _)) Skip();
                break;
            default:
                ThrowUnsupported();
                break;
        }
    }

    private static bool ComesAfter(ReadOnlySpan<byte> key, ReadOnlySpan<byte> previous)
    {
        if (key.Length != previous.Length) return key.Length > previous.Length;
        if (key.IsEmpty) return false;
        return key[0] != previous[0] ? key[0] > previous[0] : key.SequenceCompareTo(previous) > 0;
    }

    /// <summary>
    /// Reads ASCII of up to 23 characters, as all usual keys are: no longer head to read, and no call to check it. The bytes behind the text
    /// are looked at, too, and left out of the answer.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadShortAscii(out ReadOnlySpan<byte> text)
    {
        var input = _input;
        var start = _position + 1;
        if (start <= input.Length - Vector256<byte>.Count)
        {
            var length = input[start - 1] - 0x60;
            var block = input.Slice(start, Vector256<byte>.Count);
            if ((uint)length < 24 && (Vector256.Create(block).ExtractMostSignificantBits() & ((1u << length) - 1)) == 0)
            {
                text = block[..length];
                _position = start + length;
                return true;
            }
        }
        text = default;
        return false;
    }

    private ReadOnlySpan<byte> ReadOtherText(string field)
    {
        var start = _position;
        var text = Take(ReadCount(3, CborKind.Text, field));
        if (!IsUtf8(text)) ThrowNoUtf8(field, start);
        return text;
    }

    /// <summary>Most texts (identifiers, times) are short ASCII, for which the general check costs more than reading them.</summary>
    private static bool IsUtf8(ReadOnlySpan<byte> text)
    {
        if (text.Length is >= 16 and <= 32)
        {
            var both = Vector128.Create(text) | Vector128.Create(text[^16..]);
            if (both.ExtractMostSignificantBits() == 0) return true;
        }
        else if (text.Length is > 32 and <= 128)
        {
            var all = Vector256.Create(text) | Vector256.Create(text[^32..]);
            if (text.Length > 64) all |= Vector256.Create(text[32..]) | Vector256.Create(text[^64..]);
            if (all.ExtractMostSignificantBits() == 0) return true;
        }
        return Utf8.IsValid(text);
    }

    private void Enter()
    {
        if (++_depth > MaxDepth) ThrowTooDeep();
    }

    /// <summary>Reads a head whose argument counts bytes or items, and refuses more than there are bytes left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReadCount(int majorType, CborKind kind, string field)
    {
        var at = _position;
        if ((uint)at >= (uint)_input.Length) ThrowEnd();
        var count = _input[at] - (majorType << 5);
        if ((uint)count >= 24) return ReadLongCount(majorType, kind, field);
        _position = at + 1;
        if (count > _input.Length - _position) ThrowBeyondEnd((ulong)count, at);
        return count;
    }

    private int ReadLongCount(int majorType, CborKind kind, string field)
    {
        if (_input[_position] >> 5 != majorType) ThrowOtherType(kind, field);
        var start = _position;
        var count = ReadHead();
        if (count > (ulong)(_input.Length - _position)) ThrowBeyondEnd(count, start);
        return (int)count;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _input.Slice(_position, length);
        _position += length;
        return taken;
    }

    private ulong ReadHead()
    {
        var information = _input[_position] & 31;
        if (information < 24)
        {
            _position++;
            return (ulong)information;
        }
        // Identifiers, links and times are longer than 23 bytes and shorter than 256.
        if (information == 24 && _input.Length - _position > 1 && _input[_position + 1] is >= 24 and var count)
        {
            _position += 2;
            return count;
        }
        return ReadLongHead(information);
    }

    private ulong ReadLongHead(int information)
    {
        var start = _position;
        if (information > 27) ThrowReserved(information, start);
        var width = 1 << (information - 24);
        if (_input.Length - start - 1 < width) ThrowEnd();
        var argument = _input.Slice(start + 1, width);
        var (value, smallest) = width switch
        {
            1 => (argument[0], 24UL),
            2 => (BinaryPrimitives.ReadUInt16BigEndian(argument), 1UL << 8),
            4 => (BinaryPrimitives.ReadUInt32BigEndian(argument), 1UL << 16),
            _ => (BinaryPrimitives.ReadUInt64BigEndian(argument), 1UL << 32),
        };
        if (value < smallest) ThrowNotShortest(value, start);
        _position = start + 1 + width;
        return value;
    }

    /// <summary>Where reading stands inside a map.</summary>
    public struct MapCursor
    {
        internal int Remaining;
        internal int PreviousStart;
        internal int PreviousLength;   // -1 before the first key
    }

    /// <summary>Where reading stands inside an array.</summary>
    public struct ArrayCursor
    {
        /// <summary>Items not yet entered.</summary>
        public int Remaining;
    }
}
