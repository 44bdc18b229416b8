using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Firehose.Decoding;

/// <summary>Takes the pieces of a <see cref="FrameBody"/> apart again and refuses whatever does not fit.</summary>
internal ref struct BodyReader(ReadOnlyMemory<byte> body)
{
    private readonly ReadOnlySpan<byte> _input = body.Span;
    private int _position;

    public byte Byte(int allowedBits = 0xff)
    {
        if (_position == _input.Length) Fail("it ends too early");
        var value = _input[_position];
        if ((value & ~allowedBits) != 0) Fail($"byte 0x{value:x2} is not known here");
        _position++;
        return value;
    }

    public ulong Number(ulong largest)
    {
        if (!Varint.TryRead(_input[_position..], out var value, out var length)) Fail("a number is cut off or too long");
        if (value > largest) Fail($"number {value} is over {largest}");
        _position += length;
        return value;
    }

    /// <summary>Reads how many items follow; refuses more than the rest could hold.</summary>
    public int Count(int smallestItem) => (int)Number((ulong)((_input.Length - _position) / smallestItem));

    public string Text()
    {
        var start = _position;
        var text = Bytes().Span;
        if (Utf8.IsValid(text)) return Encoding.UTF8.GetString(text);
        _position = start;
        Fail("text is no valid UTF-8");
        return "";
    }

    public ReadOnlyMemory<byte> Bytes()
    {
        var length = (int)Number(int.MaxValue);
        if (length > _input.Length - _position) Fail($"{length} bytes reach beyond its end");
        _position += length;
        return body.Slice(_position - length, length);
    }

    public Cid Cid()
    {
        ReadOnlySpan<byte> prefix = [1, Byte(), 0x12, 0x20];
        if (_input.Length - _position < 32) Fail("a CID is cut off");
        Span<byte> bytes = stackalloc byte[Decoding.Cid.ByteLength];
        prefix.CopyTo(bytes);
        _input.Slice(_position, 32).CopyTo(bytes[4..]);
        if (!Decoding.Cid.TryRead(bytes, out var cid)) Fail("a CID has an unknown codec");
        _position += 32;
        return cid;
    }

    public readonly void ExpectEnd()
    {
        if (_position != _input.Length) Fail($"{_input.Length - _position} bytes are left over");
    }

    [DoesNotReturn]
    public readonly void Fail(string what) => DecodingException.Throw(DecodingException.BadBody, $"this is no stored body: {what}", _position);
}
