using Millrace.Handling;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>
/// Remembers in Redis which deliveries a worker has dealt with. An effect happens once only when it is in the same Redis transaction as its
/// record (<see cref="Begin"/>). For an effect elsewhere the record shortens the time in which a crash repeats it, and no more.
/// </summary>
public sealed class RedisInbox : Inbox
{
    private readonly IDatabase _database;
    private readonly TimeSpan _retention;
    private readonly string _prefix;

    /// <summary>An inbox in the database the handlers write to.</summary>
    /// <param name="database">Your own connection to it.</param>
    /// <param name="retention">How long a record is kept: longer than the longest retry horizon plus the time finished jobs can come back.</param>
    /// <param name="prefix">What its keys begin with; on a cluster with the hash tag of what your effects write, such as `{orders}:inbox:`, because a transaction lies in one slot.</param>
    public RedisInbox(IDatabase database, TimeSpan retention, string prefix = "millrace:inbox:")
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentOutOfRangeException.ThrowIfLessThan(retention, TimeSpan.FromMilliseconds(1));
        ArgumentNullException.ThrowIfNull(prefix);
        (_database, _retention, _prefix) = (database, retention, prefix);
    }

    /// <summary>
    /// A transaction that records the delivery: add your effect's commands, then execute it. True: effect and record are written. False: the
    /// delivery is recorded already and nothing was written; its effect is there, so return.
    /// </summary>
    public ITransaction Begin(HandlerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var key = KeyOf(context.Worker, context.Delivery);
        var transaction = _database.CreateTransaction();
        transaction.AddCondition(Condition.KeyNotExists(key));
        _ = transaction.StringSetAsync(key, RedisValue.EmptyString, _retention);
        return transaction;
    }

    /// <summary>Records the delivery by itself, after an effect that is not in this Redis: a crash between the two repeats the effect. Recorded before it, a crash would lose it.</summary>
    /// <returns>False when it is recorded already.</returns>
    public async ValueTask<bool> TryRecordAsync(HandlerContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await _database.StringSetAsync(KeyOf(context.Worker, context.Delivery), RedisValue.EmptyString, _retention, when: When.NotExists);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> ContainsAsync(string worker, Delivery delivery, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(delivery);
        // From the primary: a replica may not have heard of it yet.
        return await _database.KeyExistsAsync(KeyOf(worker, delivery), CommandFlags.DemandMaster).WaitAsync(stopping);
    }

    private RedisKey KeyOf(string worker, Delivery delivery) => $"{_prefix}{worker}:{delivery.Queue}:{delivery.Id}";
}
