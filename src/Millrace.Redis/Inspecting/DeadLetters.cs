using System.Runtime.CompilerServices;
using Millrace.Redis.Connecting;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Inspecting;

/// <summary>The dead letters of one queue, a page at a time.</summary>
internal static class DeadLetters
{
    private const int Page = 100;

    public static async IAsyncEnumerable<DeadLetter> ListAsync(RedisLink link, QueueKeys keys, DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken stopping)
    {
        var ids = filter.Ids is { } named ? new HashSet<string>(named, StringComparer.Ordinal) : null;
        if (ids is { Count: 0 } || (filter.Queue is not null && filter.Queue != keys.Queue)) yield break;
        for (RedisValue after = 0; ;)
        {
            var rows = (RedisResult[])(await link.RunAsync(Script.ListDead, keys, stopping, [after, Page]))!;
            foreach (var row in rows)
            {
                var parts = (RedisResult[])row!;
                after = (RedisValue)parts[0];
                var letter = JobReader.ReadDeadLetter(parts, keys.Queue, keys.Stream!);
                if (Matches(letter, filter, ids)) yield return letter;
            }

            if (rows.Length < Page) yield break;
        }
    }

    private static bool Matches(DeadLetter letter, DeadLetterFilter filter, HashSet<string>? ids) =>
        (ids is null || ids.Contains(letter.Id))
        && (filter.Tenant is null || letter.Tenant == filter.Tenant)
        && (filter.Key is null || letter.Key == filter.Key)
        && (filter.ReasonContains is null || letter.Reason.Contains(filter.ReasonContains, StringComparison.Ordinal))
        && (filter.DiedFrom is null || letter.DiedAt >= filter.DiedFrom)
        && (filter.DiedBefore is null || letter.DiedAt < filter.DiedBefore);
}
