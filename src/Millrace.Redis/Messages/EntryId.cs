using System.Globalization;

namespace Millrace.Redis.Messages;

/// <summary>A job's id to the outside is `queue:milliseconds-number`; to its queue's scripts it is the part behind the colon, as Redis writes ids of entries.</summary>
internal static class EntryId
{
    public static string ToJob(string queue, string entry) => string.Concat(queue, ":", entry);

    public static string OfJob(string queue, string job) => job[(queue.Length + 1)..];

    /// <summary>Takes an id apart; false for what cannot be one.</summary>
    public static bool TryRead(string job, out string queue, out string entry)
    {
        var colon = job.IndexOf(':', StringComparison.Ordinal);
        (queue, entry) = colon < 0 ? ("", "") : (job[..colon], job[(colon + 1)..]);
        var dash = entry.IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && ulong.TryParse(entry.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && ulong.TryParse(entry.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && dash <= 15;
    }

    /// <summary>When Redis took the entry in, by its clock.</summary>
    public static DateTimeOffset TimeOf(string entry) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(entry.AsSpan(0, entry.IndexOf('-', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture));
}
