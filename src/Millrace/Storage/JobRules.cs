using System.Buffers;
using System.Text;

namespace Millrace.Storage;

/// <summary>What every store refuses, in the same words.</summary>
public static class JobRules
{
    /// <summary>The largest body a store takes, in bytes: 16 MiB. Workers set their own, smaller limits.</summary>
    public const int MaxBodyBytes = 16 * 1024 * 1024;

    /// <summary>The longest key, deduplication id or tenant, in UTF-8 bytes.</summary>
    public const int MaxIdBytes = 255;

    /// <summary>How far ahead a job may be planned.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromDays(366);

    private const int MaxNameLength = 63;

    private static readonly SearchValues<char> s_nameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether <paramref name="name"/> fits `[a-z0-9][a-z0-9._-]{0,62}`, the form of queue, worker and tenant names.</summary>
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength } && name[0] is not ('.' or '_' or '-') && !name.AsSpan().ContainsAnyExcept(s_nameCharacters);

    /// <summary>Throws when no store would take <paramref name="job"/>.</summary>
    /// <exception cref="ArgumentException">Says what, got and allowed.</exception>
    public static void Check(NewJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!IsName(job.Queue))
            throw new ArgumentException($"CFG015 queue name \"{Clip(job.Queue)}\" is not allowed: it must match [a-z0-9][a-z0-9._-]{{0,62}}.");
        if (job.Tenant is not null && !IsName(job.Tenant))
            throw new ArgumentException($"CFG015 tenant \"{Clip(job.Tenant)}\" is not allowed: it must match [a-z0-9][a-z0-9._-]{{0,62}}.");
        CheckId("key", job.Key, "PAY006", maxBytes: 4096);
        CheckId("deduplication id", job.DeduplicationId, "PAY006", MaxIdBytes);
        if (job.Body.Length > MaxBodyBytes)
            throw new ArgumentException($"PAY002 body of {job.Body.Length} bytes is over the limit of {MaxBodyBytes} bytes: store it elsewhere and publish a reference.");
        if (job.Delay > MaxDelay)
            throw new ArgumentException($"PAY007 delay {job.Delay} is over the limit of {MaxDelay.TotalDays} days.");
        if (job.DeduplicationWindow <= TimeSpan.Zero)
            throw new ArgumentException($"PAY007 deduplication window {job.DeduplicationWindow} is not allowed: it must be longer than zero.");
    }

    /// <summary>When <paramref name="job"/> may run by the store's clock, or null when it may at once.</summary>
    /// <exception cref="ArgumentException">Further ahead than <see cref="MaxDelay"/>.</exception>
    public static DateTimeOffset? DueAt(NewJob job, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.RunAt is { } at && at - now > MaxDelay)
            throw new ArgumentException($"PAY007 run-at {at:O} is over the limit of {MaxDelay.TotalDays} days ahead.");
        var due = job.RunAt ?? (job.Delay > TimeSpan.Zero ? now + job.Delay : now);
        return due > now ? due : null;
    }

    /// <summary>Clips text from outside to 64 characters and escapes control characters, for error messages.</summary>
    public static string Clip(string? text)
    {
        if (text is null) return "";
        var clipped = new StringBuilder(64);
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, 64)))
            if (char.IsControl(c)) clipped.Append($"\\u{(int)c:x4}");
            else clipped.Append(c);
        return text.Length > 64 ? clipped.Append('…').ToString() : clipped.ToString();
    }

    private static void CheckId(string what, string? id, string code, int maxBytes)
    {
        if (id is null) return;
        if (id.Length == 0)
            throw new ArgumentException($"{code} {what} is empty: leave it out or give a value.");
        // Half a surrogate pair has no UTF-8: stores would write the same replacement for different ids.
        for (var i = 0; i < id.Length; i++)
            if (char.IsSurrogatePair(id, i)) i++;
            else if (char.IsSurrogate(id[i]))
                throw new ArgumentException($"{code} {what} \"{Clip(id)}\" holds half a surrogate pair at {i}: it must be well-formed text.");
        if (Encoding.UTF8.GetByteCount(id) > maxBytes)
            throw new ArgumentException($"{code} {what} of {Encoding.UTF8.GetByteCount(id)} bytes is over the limit of {maxBytes} bytes.");
    }
}
