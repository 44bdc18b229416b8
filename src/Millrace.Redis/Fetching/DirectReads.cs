using Millrace.Redis.Connecting;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>
/// Reads new entries without the fetch script, which costs by what it hands out, for a while after the script found nothing else to hand
/// out. With order per key only while nobody else has the queue's keys and none of them waits, which the server checks in the same transaction.
/// </summary>
internal sealed class DirectReads(QueueKeys keys, SourceOptions source, RedisStoreOptions store, RedisTools tools)
{
    /// <summary>Between two looks at everything else: the dead, the due, the released.</summary>
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>The transaction has eight commands more; for fewer entries the script is cheaper.</summary>
    private const int FewestInOrder = 300;

    private readonly bool _ordered = source.Order == Sources.Order.PerKey;
    private volatile bool _fresh;
    private long _at, _offset;

    /// <summary>Notes what the script found.</summary>
    public void Looked(Fetched fetched)
    {
        _at = tools.Time.GetTimestamp();
        _offset = tools.Clock.Offset;
        _fresh = !_ordered || (fetched.Alone && fetched.Deliveries.Count >= FewestInOrder);
    }

    /// <summary>Lets the script look next.</summary>
    public void Forget() => _fresh = false;

    /// <summary>Whether the next fetch, of <paramref name="count"/>, may do without the script.</summary>
    public bool MayRead(int count) =>
        _fresh && (!_ordered || count >= FewestInOrder) && _offset == tools.Clock.Offset && tools.Time.GetElapsedTime(_at) < s_lookEvery;

    /// <summary>New entries; none when there are none or the script must look.</summary>
    public async Task<StreamEntry[]> ReadAsync(IDatabase database, string owner, int count)
    {
        var entries = _ordered ? await ReadAloneAsync(database, owner, count) : await ReadNewAsync(database, owner, count);
        if (entries.Length == 0) Forget();
        return entries;
    }

    /// <summary>The client waits for the conditions on this thread, one round trip for hundreds of entries.</summary>
    private async Task<StreamEntry[]> ReadAloneAsync(IDatabase database, string owner, int count)
    {
        var transaction = database.CreateTransaction();
        transaction.AddCondition(Condition.StringEqual(keys.Of("alone"), owner));
        transaction.AddCondition(Condition.KeyNotExists(keys.Of("keys")));
        transaction.AddCondition(Condition.KeyNotExists(keys.Of("ready")));
        var reading = ReadNewAsync(transaction, owner, count);
        try
        {
            return await transaction.ExecuteAsync() ? await reading : [];
        }
        catch (RedisServerException error) when (error.Message.StartsWith("EXECABORT", StringComparison.Ordinal))
        {
            // A replica, or no memory: the script's error says which.
            return [];
        }
    }

    private Task<StreamEntry[]> ReadNewAsync(IDatabaseAsync database, string owner, int count) =>
        database.StreamReadGroupAsync(keys.Stream, store.Group, owner, StreamPosition.NewMessages, count);
}
