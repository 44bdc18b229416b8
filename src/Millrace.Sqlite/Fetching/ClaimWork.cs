using Millrace.Sources;
using Millrace.Sqlite.Files;
using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Fetching;

/// <summary>What a look for work brought: deliveries, or how long nothing will be due.</summary>
/// <param name="Deliveries">In dispatch order.</param>
/// <param name="NextDue">With no deliveries: when to look again at the latest, or null when only a publish can change anything.</param>
internal readonly record struct Claimed(IReadOnlyList<Delivery> Deliveries, TimeSpan? NextDue);

/// <summary>Claims ready jobs for one owner inside a commit group.</summary>
internal static class ClaimWork
{
    public static bool AnyReady(WriteSession session, long queue) => session.Sql["find_next_priority"].Bind(1, queue).Bind(2, -1).Scalar() is not null;

    public static Claimed Claim(WriteSession session, long queue, SourceOptions options, FetchLimit limit, Owner owner)
    {
        var taken = options.Order == Order.PerKey
            ? ByKey(session, queue, options.Queue, limit, owner)
            : ByPriority(session, queue, options.Queue, limit, owner);
        foreach (var delivery in taken)
            session.Sql.ClaimJob.Bind(1, delivery.Number).Bind(2, owner.Id).Bind(3, delivery.Token).Run();
        return taken.Count > 0 ? new(taken, null) : new([], DueWork.UntilNext(session, queue, owner.Id));
    }

    private static List<Delivery> ByPriority(WriteSession session, long queue, string name, FetchLimit limit, Owner owner)
    {
        List<Delivery> taken = [];
        var bytes = 0L;
        var ready = session.Sql["find_ready"].Bind(1, queue).Bind(2, limit.Count);
        while (bytes < limit.Bytes && ready.Step())
        {
            var delivery = Read(ready, name, owner);
            taken.Add(delivery);
            bytes += delivery.Body.Length;
        }

        ready.Reset();
        return taken;
    }

    /// <summary>
    /// Walks the queue in order and takes what its key admits. What is not admitted leaves the ready ones for those held behind
    /// their key, so that the next fetch does not walk over it again.
    /// </summary>
    private static List<Delivery> ByKey(WriteSession session, long queue, string name, FetchLimit limit, Owner owner)
    {
        List<Delivery> taken = [];
        List<long> held = [];
        var bytes = 0L;
        var gate = new KeyGate(session, queue, owner.Id);
        using (var ready = new ReadyBySeq(session, queue))
        {
            while (taken.Count < limit.Count && bytes < limit.Bytes && held.Count < 10_000 && ready.MoveNext() is { } row)
            {
                if (row.Text(2) is { } key && !gate.Admits(key, row.Long(1)))
                {
                    held.Add(row.Long(0));
                    continue;
                }

                var delivery = Read(row, name, owner);
                taken.Add(delivery);
                bytes += delivery.Body.Length;
            }
        }

        foreach (var id in held) session.Sql["hold_job"].Bind(1, id).Run();
        // The walk was cut short: what lies behind it is for the next one.
        if (taken.Count == 0 && held.Count > 0) return ByKey(session, queue, name, limit, owner);
        return taken;
    }

    private static Delivery Read(Statement row, string queue, Owner owner) => new(row.Long(0))
    {
        Queue = queue,
        Key = row.Text(2),
        Token = row.Long(3) + 1,
        Attempt = row.Int(4) + 1,
        Crashes = row.Int(5),
        Snoozes = row.Int(6),
        EnqueuedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Long(7)),
        Tenant = row.Text(8),
        Kind = row.Text(9) ?? "",
        Headers = HeadersText.Read(row.Bytes(10)),
        Body = row.Bytes(11).ToArray(),
        RequeuedFrom = row.Text(12),
        Receipt = owner,
    };
}
