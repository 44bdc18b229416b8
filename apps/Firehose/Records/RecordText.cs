using System.Text;

namespace Firehose.Records;

/// <summary>Text of a record in the form that every database takes.</summary>
internal static class RecordText
{
    /// <summary>The text, with U+FFFD for each U+0000: valid in a record, refused by PostgreSQL.</summary>
    public static string Of(ReadOnlySpan<byte> utf8)
    {
        var text = Ascii.IsValid(utf8) ? Encoding.Latin1.GetString(utf8) : Encoding.UTF8.GetString(utf8);   // ASCII need not be counted first
        return utf8.Contains((byte)0) ? Of(text) : text;
    }

    /// <inheritdoc cref="Of(ReadOnlySpan{byte})"/>
    public static string Of(string text) => text.Replace('\0', '\uFFFD');
}
