using Millrace.Sqlite.Files;
using Millrace.Sqlite.Operating;
using Millrace.Sqlite.Settling;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.DeadLetters;

/// <summary>What operators do with dead letters: each action one transaction and one audit entry.</summary>
internal static class DeadLetterWork
{
    public static IReadOnlyList<string> Requeue(WriteSession session, DeadLetterFilter filter, string actor)
    {
        List<string> created = [];
        var meant = Find(session, filter);
        foreach (var dead in meant)
        {
            var id = session.NextId();
            session.Sql["requeue_dead_letter"].Bind(1, dead).Bind(2, id).Bind(3, session.Now).Run();
            created.Add(JobId.Write(id));
            Remove(session, dead);
        }

        AuditWork.Add(session, actor, "requeue", Target(filter, meant), $"{created.Count} requeued");
        return created;
    }

    public static int Discard(WriteSession session, DeadLetterFilter filter, string actor)
    {
        var meant = Find(session, filter);
        foreach (var dead in meant) Remove(session, dead);
        AuditWork.Add(session, actor, "discard", Target(filter, meant), $"{meant.Count} discarded");
        return meant.Count;
    }

    private static void Remove(WriteSession session, long id)
    {
        var find = session.Sql["find_dead_letter_place"].Bind(1, id);
        find.Step();
        var (queue, key, held) = (find.Long(0), find.Text(1), find.Int(2) != 0);
        find.Reset();
        if (session.KeepsFinished) session.Sql["finish_dead_letter"].Bind(1, id).Run();
        session.Sql["delete_dead_letter"].Bind(1, id).Run();
        if (held && key is not null) FinishWork.FreeKey(session, queue, key);
        session.Wake(queue);
    }

    private static List<long> Find(WriteSession session, DeadLetterFilter filter)
    {
        List<long> ids = [];
        var find = session.Sql["find_dead_letters"]
            .Bind(1, filter.Queue).Bind(2, filter.Tenant).Bind(3, filter.Key).Bind(4, filter.ReasonContains)
            .Bind(5, filter.DiedFrom?.ToUnixTimeMilliseconds()).Bind(6, filter.DiedBefore?.ToUnixTimeMilliseconds())
            .Bind(7, JobId.Json(filter.Ids)).Bind(8, filter.Limit ?? -1);
        while (find.Step()) ids.Add(find.Long(0));
        return ids;
    }

    private static string Target(DeadLetterFilter filter, List<long> meant) =>
        meant.Count == 1 ? JobId.Write(meant[0]) : filter.Queue ?? "*";
}
