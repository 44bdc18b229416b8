using System.Globalization;
using System.Text;

namespace Millrace.Worker.Logging;

/// <summary>Makes text from outside harmless for a terminal and for whoever reads a log line by line.</summary>
internal static class VisibleText
{
    /// <summary>The text on one line, what cannot be seen escaped, at most <paramref name="limit"/> characters of it.</summary>
    public static string OneLine(string text, int limit)
    {
        if (text.Length <= limit && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0) return text;
        var line = new StringBuilder(Math.Min(text.Length, limit) + 16);
        AppendTo(line, text, limit);
        return line.ToString();
    }

    /// <summary>Appends the text as <see cref="OneLine"/> shows it, until <paramref name="line"/> has <paramref name="limit"/> characters.</summary>
    public static void AppendTo(StringBuilder line, string text, int limit)
    {
        foreach (var c in text)
        {
            if (line.Length >= limit)
            {
                line.Append('…');
                return;
            }

            if (c == '\n') line.Append("\\n");
            else if (c == '\r') line.Append("\\r");
            else if (IsHidden(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
    }

    /// <summary>Control characters, other line ends, and those that turn the writing direction around.</summary>
    private static bool IsHidden(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
