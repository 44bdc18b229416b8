using Millrace.Postgres.Connecting;
using Millrace.Postgres.Inspecting;
using Millrace.Postgres.Operating;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.DeadLetters;

/// <summary>What operators do with dead letters: each action one transaction and one audit entry.</summary>
internal static class DeadLetterWork
{
    public static async Task<IReadOnlyList<string>> RequeueAsync(Session session, DeadLetterFilter filter, string actor, bool keep, CancellationToken stopping)
    {
        var created = await RunAsync(session, "requeue_dead_letters", filter, keep, stopping);
        await session.RunAsync([AuditWork.Insert(actor, "requeue", Target(filter, created.Found), $"{created.Done.Count} requeued")], stopping);
        return created.Done.ConvertAll(JobId.Write);
    }

    public static async Task<int> DiscardAsync(Session session, DeadLetterFilter filter, string actor, bool keep, CancellationToken stopping)
    {
        var (found, done) = await RunAsync(session, "discard_dead_letters", filter, keep, stopping);
        await session.RunAsync([AuditWork.Insert(actor, "discard", Target(filter, found), $"{done.Count} discarded")], stopping);
        return done.Count;
    }

    private static async Task<(long[] Found, List<long> Done)> RunAsync(Session session, string statement, DeadLetterFilter filter, bool keep, CancellationToken stopping)
    {
        var meant = await session.AskAsync([new("find_dead_letters", FilterValues.Of(filter, filter.Limit))], ReadMeantAsync, stopping);
        var queues = meant.Select(dead => dead.Queue).Distinct().ToArray();
        foreach (var queue in queues) session.Wake(queue);
        long[] found = [.. meant.Select(dead => dead.Id)];
        // Somebody else may have taken one of them since; the statement says which were still there.
        var done = await session.AskAsync([new("lock_shared", Value.Of(queues)), new(statement, Value.Of(found), Value.Of(keep))], ReadDoneAsync, stopping);
        return (found, done);
    }

    private static async Task<List<(long Id, string Queue)>> ReadMeantAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        List<(long, string)> meant = [];
        while (await rows.ReadAsync(stopping)) meant.Add((rows.GetInt64(0), rows.GetString(1)));
        return meant;
    }

    private static async Task<List<long>> ReadDoneAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        List<long> done = [];
        await rows.NextResultAsync(stopping);
        while (await rows.ReadAsync(stopping)) done.Add(rows.GetInt64(0));
        return done;
    }

    private static string Target(DeadLetterFilter filter, long[] found) => found is [var one] ? JobId.Write(one) : filter.Queue ?? "*";
}
