namespace Firehose.Decoding;

/// <summary>The syntax of handles: domain names of at least two labels whose last starts with a letter.</summary>
internal static class Handle
{
    public const int MaxLength = 253;

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxLength) return false;
        var labels = 0;
        ReadOnlySpan<byte> last = default;
        foreach (var range in text.Split((byte)'.'))
        {
            last = text[range];
            if (!IsLabel(last)) return false;
            labels++;
        }
        return labels >= 2 && char.IsAsciiLetter((char)last[0]);
    }

    /// <summary>Whether <paramref name="label"/> is one part of a domain name: letters, digits and inner hyphens, up to 63.</summary>
    internal static bool IsLabel(ReadOnlySpan<byte> label)
    {
        if (label.Length is 0 or > 63 || label[0] == '-' || label[^1] == '-') return false;
        foreach (var c in label)
            if (!char.IsAsciiLetterOrDigit((char)c) && c != '-') return false;
        return true;
    }
}
