namespace Firehose.Decoding;

/// <summary>The syntax of namespaced identifiers: a reversed domain of at least two labels and a name, `app.bsky.feed.post`.</summary>
internal static class Nsid
{
    public const int MaxLength = 317;

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        var dot = text.LastIndexOf((byte)'.');
        if (text.Length > MaxLength || dot < 0 || !IsName(text[(dot + 1)..])) return false;
        var domain = text[..dot];
        if (domain.IsEmpty || !char.IsAsciiLetter((char)domain[0])) return false;
        var labels = 0;
        foreach (var range in domain.Split((byte)'.'))
        {
            if (!Handle.IsLabel(domain[range])) return false;
            labels++;
        }
        return labels >= 2;
    }

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > 63 || !char.IsAsciiLetter((char)name[0])) return false;
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit((char)c)) return false;
        return true;
    }
}
