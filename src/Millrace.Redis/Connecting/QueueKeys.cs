using StackExchange.Redis;

namespace Millrace.Redis.Connecting;

/// <summary>The keys of one queue: its stream, and the prefix of all others, in the stream's hash slot so that a cluster keeps them on one node.</summary>
internal sealed class QueueKeys
{
    public QueueKeys(string queue, string stream, string group)
    {
        Queue = queue;
        Stream = stream;
        Prefix = $"{Tagged(stream)}:{group}";
        Wake = $"{Prefix}:wake";
        Scripts = [Stream, Prefix];
    }

    public string Queue { get; }

    public RedisKey Stream { get; }

    public string Prefix { get; }

    /// <summary>A stream of one entry, rewritten when something that is not in the queue's own stream became ready.</summary>
    public RedisKey Wake { get; }

    /// <summary>What every script gets as its keys.</summary>
    public RedisKey[] Scripts { get; }

    public RedisKey Of(string kind) => $"{Prefix}:{kind}";

    public RedisKey Of(string kind, string id) => $"{Prefix}:{kind}:{id}";

    /// <summary>A key hashes by what stands between its first { and the next }, or whole (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).</summary>
    private static string Tagged(string stream)
    {
        var open = stream.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : stream.IndexOf('}', open);
        // Braces that are no tag hash whole too, and cannot be put into one: such a stream keeps its keys beside it only without a cluster.
        return close > open + 1 ? $"{stream}:millrace" : $"{{{stream}}}:millrace";
    }
}
