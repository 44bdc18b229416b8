using System.Globalization;

namespace Firehose.Storage;

/// <summary>When things happened, in UTC and whole milliseconds, the precision that every store keeps.</summary>
internal static class EventTime
{
    /// <summary>When an event counts as indexed: the relay's time stamp, so that a replay gives the same rows, else <paramref name="now"/>.</summary>
    public static DateTimeOffset Of(string? time, DateTimeOffset now) => ToMilliseconds(
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : now);

    /// <summary>The earlier of a declared and an observed time.</summary>
    public static DateTimeOffset Earlier(DateTimeOffset? declared, DateTimeOffset observed) =>
        declared is { } known && known < observed ? known : observed;

    private static DateTimeOffset ToMilliseconds(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}
