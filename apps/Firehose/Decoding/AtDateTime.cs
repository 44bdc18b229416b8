using System.Runtime.Intrinsics;

namespace Firehose.Decoding;

/// <summary>
/// The protocol's date-time syntax, the common ground of RFC 3339 and ISO 8601: upper-case `T` and `Z`, seconds always there, a zone
/// always there, no `-00:00`.
/// </summary>
internal static class AtDateTime
{
    private const int MaxLength = 64;

    /// <summary>Whether the characters stand where they must; the month may still be 13.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 20 or > MaxLength || !StartsToTheMinute(text) || !Matches(text[16..19], ":dd"u8)) return false;
        var rest = text[19..];
        if (rest[0] == '.')
        {
            var digits = CountDigits(rest[1..]);
            if (digits == 0) return false;
            rest = rest[(1 + digits)..];
        }
        if (rest is [(byte)'Z']) return true;
        return Matches(rest, "+dd:dd"u8) || (Matches(rest, "-dd:dd"u8) && !rest.SequenceEqual("-00:00"u8));
    }

    /// <summary>
    /// Reads a date-time that <see cref="DateTimeOffset"/> can hold, to 100 ns, as UTC; false for the syntax's and the calendar's impossible
    /// ones, for leap seconds and for what falls out of the years 1 to 9999.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset value)
    {
        value = default;
        if (!IsValid(text)) return false;
        var (year, month, day) = (TwoDigits(text) * 100 + TwoDigits(text[2..]), TwoDigits(text[5..]), TwoDigits(text[8..]));
        var (hour, minute, second) = (TwoDigits(text[11..]), TwoDigits(text[14..]), TwoDigits(text[17..]));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;

        var ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks;
        if (text[19] == '.') ticks += FractionTicks(text[20..]);
        if (text[^1] != 'Z')
        {
            var (zoneHours, zoneMinutes) = (TwoDigits(text[^5..]), TwoDigits(text[^2..]));
            if (zoneHours > 23 || zoneMinutes > 59) return false;
            var zone = (zoneHours * 60 + zoneMinutes) * TimeSpan.TicksPerMinute;
            ticks += text[^6] == '+' ? -zone : zone;
        }
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks) return false;
        value = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    /// <summary>Whether the first 16 characters are `dddd-dd-ddTdd:dd`: each is at most so far above its lowest.</summary>
    private static bool StartsToTheMinute(ReadOnlySpan<byte> text)
    {
        var above = Vector128.Create(text) - Vector128.Create("0000-00-00T00:00"u8);
        return Vector128.LessThanOrEqualAll(above, Vector128.Create((byte)9, 9, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9, 0, 9, 9));
    }

    /// <summary>Compares with a pattern in which `d` stands for a digit.</summary>
    private static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern)
    {
        if (text.Length != pattern.Length) return false;
        for (var i = 0; i < text.Length; i++)
            if (pattern[i] == 'd' ? !char.IsAsciiDigit((char)text[i]) : text[i] != pattern[i]) return false;
        return true;
    }

    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length : end;
    }

    private static int TwoDigits(ReadOnlySpan<byte> text) => text[0] * 10 + text[1] - '0' * 11;

    private static long FractionTicks(ReadOnlySpan<byte> fraction)
    {
        var (ticks, unit) = (0L, TimeSpan.TicksPerSecond / 10);
        foreach (var digit in fraction[..CountDigits(fraction)])
        {
            ticks += (digit - '0') * unit;
            unit /= 10;
        }
        return ticks;
    }
}
