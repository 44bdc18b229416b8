using Millrace.Redis.Connecting;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Inspecting;

/// <summary>The audit trail: each queue's actions are written in its own slot, in the action's own script, and read together.</summary>
internal static class AuditTrail
{
    public static async Task<IReadOnlyList<AuditEntry>> ListAsync(RedisLink link, IEnumerable<QueueKeys> queues, int limit, CancellationToken stopping)
    {
        List<(long At, AuditEntry Entry)> all = [];
        foreach (var keys in queues)
            foreach (var entry in await link.PatientlyAsync(database => database.StreamRangeAsync($"{keys.Prefix}:audit", count: limit, messageOrder: Order.Descending), stopping))
                all.Add(Read(entry));
        return [.. all.OrderByDescending(entry => entry.At).Take(limit).Select(entry => entry.Entry)];
    }

    private static (long, AuditEntry) Read(StreamEntry entry)
    {
        var microseconds = (long)entry["at"];
        var detail = (string?)entry["detail"];
        return (microseconds, new AuditEntry(
            DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds), entry["actor"]!, entry["action"]!, entry["target"]!, detail?.Length > 0 ? detail : null));
    }
}
