using System.Text;

namespace Millrace.Postgres.Texts;

/// <summary>
/// Text that may hold any character, as PostgreSQL can store it: U+0000, which it refuses, and U+0001 to U+0005 are written as two
/// characters, the first of U+0001 and U+0002, the second of U+0003 to U+0005. Nothing else is changed, and as no character
/// is both a first and a second one, a part of a text is found in it exactly where it was. Half a surrogate pair becomes U+FFFD.
/// </summary>
internal static class AnyText
{
    private const char LastSpecial = '\u0005';

    public static string? Write(string? text)
    {
        if (text is null || (text.AsSpan().IndexOfAnyInRange('\0', LastSpecial) < 0 && text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') < 0)) return text;
        var written = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c <= LastSpecial) written.Append((char)(1 + (c / 3))).Append((char)(3 + (c % 3)));
            else if (char.IsSurrogatePair(text, i)) written.Append(c).Append(text[++i]);
            else written.Append(char.IsSurrogate(c) ? '\ufffd' : c);
        }

        return written.ToString();
    }

    public static string? Read(string? written)
    {
        if (written is null || written.AsSpan().IndexOfAnyInRange('\u0001', LastSpecial) < 0) return written;
        var text = new StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
            if (written[i] is '\u0001' or '\u0002' && i + 1 < written.Length) text.Append((char)(((written[i] - 1) * 3) + written[++i] - 3));
            else text.Append(written[i]);
        return text.ToString();
    }
}
