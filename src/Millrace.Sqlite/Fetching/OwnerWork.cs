using Millrace.Sources;
using Millrace.Sqlite.Files;
using Millrace.Sqlite.Settling;
using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Fetching;

/// <summary>Begins, prolongs and ends the life of owners, and takes back what the dead held.</summary>
internal static class OwnerWork
{
    /// <summary>Writes a new owner down. Its ledger exists before the commit does, so whoever sees the owner finds the ledger.</summary>
    public static Owner Begin(WriteSession session, long queue, SourceOptions options, string path)
    {
        var id = session.NextId();
        session.Sql["insert_owner"].Bind(1, id).Bind(2, queue).Bind(3, Expiry(session, options)).Bind(4, ProcessName.Current).Run();
        return new Owner(id, new RunningLedger(Owner.LedgerPath(path, id)));
    }

    /// <summary>Whether the owner was still there; its lease then runs anew.</summary>
    public static bool Renew(WriteSession session, Owner owner, SourceOptions options) =>
        session.Sql["renew_owner"].Bind(1, owner.Id).Bind(2, Expiry(session, options)).Run() > 0;

    /// <summary>Whether the owner is still written down. What others set aside behind its keys is then ready for it.</summary>
    public static bool IsThere(WriteSession session, long queue, Owner owner)
    {
        if (session.Sql["find_owner"].Bind(1, owner.Id).Scalar() is not { } heldBack) return false;
        if (heldBack == 0) return true;
        List<string> keys = [];
        var find = session.Sql["find_owned_keys"].Bind(1, owner.Id);
        while (find.Step()) keys.Add(find.Text(0)!);
        foreach (var key in keys) FinishWork.FreeKey(session, queue, key);
        session.Sql["mark_held_back"].Bind(1, owner.Id).Bind(2, 0).Run();
        return true;
    }

    /// <summary>Takes back what owners held whose lease is over by the store's clock; counts a crash for what they had running.</summary>
    /// <returns>The owners and how many jobs each held.</returns>
    public static IReadOnlyList<Rescued> Rescue(WriteSession session, string path)
    {
        List<long> expired = [];
        var find = session.Sql["find_expired_owners"].Bind(1, session.Now);
        while (find.Step()) expired.Add(find.Long(0));
        return expired.Count == 0 ? [] : expired.ConvertAll(owner => TakeBack(session, owner, path));
    }

    /// <summary>Ends an owner in good order: what it still holds goes back to its place, nothing is counted.</summary>
    public static void End(WriteSession session, Owner owner)
    {
        foreach (var job in Owned(session, owner.Id)) GiveBack(session, job, crashes: 0);
        session.Sql["delete_owner"].Bind(1, owner.Id).Run();
    }

    private static Rescued TakeBack(WriteSession session, long owner, string path)
    {
        var ledger = Owner.LedgerPath(path, owner);
        var running = RunningLedger.Read(ledger);
        var jobs = Owned(session, owner);
        var crashed = 0;
        foreach (var job in jobs)
        {
            var counts = running.Contains(job.Id) ? 1 : 0;
            crashed += counts;
            GiveBack(session, job, counts);
        }

        session.Sql["delete_owner"].Bind(1, owner).Run();
        session.AfterCommit(() => RunningLedger.Delete(ledger));
        return new Rescued(owner, jobs.Count, crashed);
    }

    private static void GiveBack(WriteSession session, OwnedJob job, int crashes)
    {
        if (job.Cancelled) FinishWork.Finish(session, job.Id, FinalState.Cancelled);
        else session.Sql["give_back_job"].Bind(1, job.Id).Bind(2, crashes).Run();
        if (job.Key is not null) FinishWork.FreeKey(session, job.Queue, job.Key);
        session.Wake(job.Queue);
    }

    private static List<OwnedJob> Owned(WriteSession session, long owner)
    {
        List<OwnedJob> jobs = [];
        var find = session.Sql["find_owned"].Bind(1, owner);
        while (find.Step()) jobs.Add(new(find.Long(0), find.Int(1) != 0, find.Text(2), find.Long(3)));
        return jobs;
    }

    private static long Expiry(WriteSession session, SourceOptions options) => session.Now + (long)options.Lease.TotalMilliseconds;

    private readonly record struct OwnedJob(long Id, bool Cancelled, string? Key, long Queue);
}

/// <summary>What was taken back from a dead owner.</summary>
/// <param name="Owner">Which.</param>
/// <param name="Jobs">How many jobs it held.</param>
/// <param name="Crashed">How many of them it had running.</param>
internal readonly record struct Rescued(long Owner, int Jobs, int Crashed);
