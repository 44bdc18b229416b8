using System.Globalization;

namespace Firehose.Storage.Sqlite;

/// <summary>The one text form of times in the tables, `2025-06-01T00:01:03.496Z`: UTC, milliseconds, sorts as text.</summary>
internal static class TimeText
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The text of <paramref name="time"/>.</summary>
    public static string Of(DateTimeOffset time) => string.Create(24, time.UtcDateTime, static (text, utc) =>
    {
        Put(text[..4], utc.Year);
        text[4] = '-';
        Put(text[5..7], utc.Month);
        text[7] = '-';
        Put(text[8..10], utc.Day);
        text[10] = 'T';
        Put(text[11..13], utc.Hour);
        text[13] = ':';
        Put(text[14..16], utc.Minute);
        text[16] = ':';
        Put(text[17..19], utc.Second);
        text[19] = '.';
        Put(text[20..23], utc.Millisecond);
        text[23] = 'Z';
    });

    /// <summary>The text of <paramref name="time"/>, or null for none.</summary>
    public static string? OrNull(DateTimeOffset? time) => time is { } known ? Of(known) : null;

    /// <summary>The time that <paramref name="text"/> says, or null for none.</summary>
    public static DateTimeOffset? Parse(string? text) =>
        text is null ? null : DateTimeOffset.ParseExact(text, Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static void Put(Span<char> digits, int value)
    {
        for (var i = digits.Length - 1; i >= 0; i--, value /= 10)
            digits[i] = (char)('0' + value % 10);
    }
}
