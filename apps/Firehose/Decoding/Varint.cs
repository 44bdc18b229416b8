namespace Firehose.Decoding;

/// <summary>Unsigned LEB128: seven bits a byte, lowest first, the top bit says that more follow.</summary>
internal static class Varint
{
    /// <summary>The longest form of 64 bits, in bytes.</summary>
    public const int MaxLength = 10;

    /// <summary>Reads one; false when it is cut off or does not fit 64 bits.</summary>
    public static bool TryRead(ReadOnlySpan<byte> input, out ulong value, out int length)
    {
        value = 0;
        for (length = 0; length < input.Length && length < MaxLength;)
        {
            var b = input[length];
            if (length == MaxLength - 1 && b > 1) return false;
            value |= (ulong)(b & 0x7f) << (7 * length++);
            if (b < 0x80) return true;
        }
        return false;
    }

    /// <summary>Writes one and returns its length.</summary>
    public static int Write(Span<byte> output, ulong value)
    {
        var length = 0;
        for (; value >= 0x80; value >>= 7) output[length++] = (byte)(value | 0x80);
        output[length++] = (byte)value;
        return length;
    }
}
