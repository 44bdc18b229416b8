using System.Globalization;

namespace Firehose.Storage;

/// <summary>The one text form of times in the tables, `2025-06-01T00:01:03.496Z`: UTC, milliseconds, sorts as text.</summary>
internal static class TimeText
{
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

    /// <summary>When an event counts as indexed: the relay's time stamp, so that a replay gives the same rows, else <paramref name="now"/>.</summary>
    public static string OfEvent(string? time, DateTimeOffset now) =>
        Of(DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : now);

    /// <summary>The earlier of a declared and an observed time.</summary>
    public static string Earlier(string? declared, string observed) =>
        declared is null || string.CompareOrdinal(observed, declared) < 0 ? observed : declared;

    private static void Put(Span<char> digits, int value)
    {
        for (var i = digits.Length - 1; i >= 0; i--, value /= 10)
            digits[i] = (char)('0' + value % 10);
    }
}
