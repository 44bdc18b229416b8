using System.Text;

namespace Firehose.Decoding;

/// <summary>Appends the pieces of a <see cref="FrameBody"/> to a span that is large enough.</summary>
internal ref struct BodyWriter(Span<byte> output)
{
    private readonly Span<byte> _output = output;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void Byte(byte value) => _output[Length++] = value;

    public void Number(ulong value) => Length += Varint.Write(_output[Length..], value);

    public void Text(string text)
    {
        Number((ulong)Encoding.UTF8.GetByteCount(text));
        Length += Encoding.UTF8.GetBytes(text, _output[Length..]);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number((ulong)bytes.Length);
        bytes.CopyTo(_output[Length..]);
        Length += bytes.Length;
    }

    public void Cid(Cid cid)
    {
        Span<byte> bytes = stackalloc byte[Decoding.Cid.ByteLength];
        cid.WriteTo(bytes);
        _output[Length] = cid.Codec;
        bytes[4..].CopyTo(_output[(Length + 1)..]);
        Length += 1 + 32;
    }
}
