namespace Firehose.Decoding;

/// <summary>RFC 4648 base32, lower case, without padding: the text form of CIDs.</summary>
internal static class Base32
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    /// <summary>How many characters <paramref name="bytes"/> bytes take.</summary>
    public static int EncodedLength(int bytes) => (bytes * 8 + 4) / 5;

    public static void Encode(ReadOnlySpan<byte> bytes, Span<char> text)
    {
        var (buffer, bits, at) = (0u, 0, 0);
        foreach (var b in bytes)
        {
            buffer = buffer << 8 | b;
            for (bits += 8; bits >= 5; bits -= 5)
                text[at++] = Alphabet[(int)(buffer >> (bits - 5)) & 31];
        }
        if (bits > 0) text[at] = Alphabet[(int)(buffer << (5 - bits)) & 31];
    }

    /// <summary>Decodes exactly as many bytes as fit; false for another length, a foreign character or bits left over that are not zero.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length != EncodedLength(bytes.Length)) return false;
        var (buffer, bits, at) = (0u, 0, 0);
        foreach (var c in text)
        {
            var value = c switch
            {
                >= 'a' and <= 'z' => c - 'a',
                >= '2' and <= '7' => c - '2' + 26,
                _ => -1,
            };
            if (value < 0) return false;
            buffer = buffer << 5 | (uint)value;
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            bytes[at++] = (byte)(buffer >> bits);
        }
        return at == bytes.Length && (buffer & ((1u << bits) - 1)) == 0;
    }
}
