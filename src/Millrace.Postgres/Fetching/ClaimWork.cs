using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Sources;
using Npgsql;

namespace Millrace.Postgres.Fetching;

/// <summary>What a look for work brought.</summary>
/// <param name="Deliveries">In dispatch order.</param>
/// <param name="Owner">Who holds them: the one that asked, or a new one.</param>
/// <param name="OwnerLost">The one that asked is no more; nothing was claimed.</param>
/// <param name="More">The walk was cut short before it found anything.</param>
/// <param name="Rescued">What dead owners left behind.</param>
internal sealed record Claimed(IReadOnlyList<Delivery> Deliveries, Owner? Owner, bool OwnerLost, bool More, IReadOnlyList<Rescued> Rescued);

/// <summary>What was taken back from a dead owner.</summary>
/// <param name="Owner">Which.</param>
/// <param name="Jobs">How many jobs it held.</param>
/// <param name="Crashed">How many of them it had running.</param>
internal readonly record struct Rescued(long Owner, long Jobs, long Crashed);

/// <summary>Takes back what the dead held, makes ready what is due, and claims for one owner: one batch under the queue's lock.</summary>
internal static class ClaimWork
{
    /// <summary>How many more than it can take a walk by key looks at, so that a few closed keys in front cost no second walk.</summary>
    private const int ExtraSteps = 200;

    public static Task<Claimed> ClaimAsync(Session session, SourceOptions options, FetchLimit limit, Owner? owner, bool keep, Func<long, Owner> begin, CancellationToken stopping)
    {
        var ordered = options.Order == Order.PerKey;
        List<Statement> statements = [ordered ? new("lock_alone", Value.Of(options.Queue)) : new("lock_shared", Value.Of([options.Queue])), TakeBack(options.Queue, owner: null, keep)];
        statements.Add(new("make_ready", Value.Of(options.Queue)));
        if (ordered && owner is not null) statements.Add(new("free_own", Value.Of(options.Queue), Value.Of(owner.Id)));
        List<NpgsqlParameter> values =
        [
            Value.Of(options.Queue), Value.Of(owner?.Id), Value.Of((long)limit.Count), Value.Of(limit.Bytes), Value.Of(options.Lease), Value.Of(ProcessName.Current),
        ];
        if (ordered) values.Add(Value.Of((long)limit.Count + ExtraSteps));
        statements.Add(new(ordered ? "claim_by_key" : "claim", [.. values]));
        return session.AskAsync(statements, (rows, stop) => ReadAsync(rows, options.Queue, owner, begin, stop), stopping);
    }

    /// <summary>Ends one owner in good order, or with none every one of the queue whose lease is over.</summary>
    public static Statement TakeBack(string queue, long? owner, bool keep) => new("take_back", Value.Of(queue), Value.Of(owner), Value.Of(keep));

    private static async Task<Claimed> ReadAsync(NpgsqlDataReader rows, string queue, Owner? owner, Func<long, Owner> begin, CancellationToken stopping)
    {
        // The lock's own row, which says nothing.
        await rows.NextResultAsync(stopping);
        List<Rescued> rescued = [];
        while (await rows.ReadAsync(stopping)) rescued.Add(new(rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2)));
        await rows.NextResultAsync(stopping);
        await rows.NextResultAsync(stopping);

        List<Delivery> deliveries = [];
        var (there, more) = (true, false);
        while (await rows.ReadAsync(stopping))
        {
            (there, more) = (rows.GetBoolean(0), rows.GetBoolean(1));
            if (rows.IsDBNull(2)) continue;
            owner ??= begin(rows.GetInt64(2));
            deliveries.Add(Read(rows, queue, owner));
        }

        return new(deliveries, owner, !there, more && deliveries.Count == 0, rescued);
    }

    private static Delivery Read(NpgsqlDataReader row, string queue, Owner owner) => new(row.GetInt64(3))
    {
        Queue = queue,
        Token = row.GetInt64(4),
        Attempt = row.GetInt32(5) + 1,
        Crashes = row.GetInt32(6),
        Receipt = row.GetInt32(7) == 0 ? owner : new Suspect(owner),
        Snoozes = row.GetInt32(8),
        EnqueuedAt = row.GetFieldValue<DateTimeOffset>(9),
        Key = Columns.Text(row, 10),
        Tenant = Columns.Text(row, 11),
        Kind = Columns.Text(row, 12)!,
        Headers = HeadersText.Read(Columns.Text(row, 13)),
        RequeuedFrom = Columns.Text(row, 14),
        Body = row.GetFieldValue<byte[]>(15),
    };
}
