using Millrace.Sqlite.Files;
using Millrace.Sqlite.Settling;
using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Fetching;

/// <summary>Makes jobs ready whose time has come.</summary>
internal static class DueWork
{
    private const int Step = 1_000;


    /// <summary>
    /// A delayed publish takes its place in the order now, as if it were published now. A retry or snooze keeps the place it had:
    /// it is the head of its key.
    /// </summary>
    public static void MakeReady(WriteSession session, long queue)
    {
        List<(long Id, bool NeverRan, string? Key)> due = [];
        var find = session.Sql["find_due"].Bind(1, queue).Bind(2, session.Now).Bind(3, Step);
        while (find.Step()) due.Add((find.Long(0), find.Int(1) == RowState.Delayed, find.Text(2)));
        foreach (var (id, neverRan, key) in due)
        {
            session.Sql["ready_due"].Bind(1, id).Bind(2, neverRan ? session.NextId() : (long?)null).Run();
            if (!neverRan && key is not null) FinishWork.FreeKey(session, queue, key);
        }
    }

    /// <summary>How long until a job of the queue is due or the lease of another owner ends.</summary>
    public static TimeSpan? UntilNext(WriteSession session, long queue, long owner)
    {
        var due = session.Sql["find_next_due"].Bind(1, queue).Scalar();
        var expiry = session.Sql["find_next_expiry"].Bind(1, owner).Scalar();
        var next = Math.Min(due ?? long.MaxValue, expiry ?? long.MaxValue);
        return next == long.MaxValue ? null : TimeSpan.FromMilliseconds(Math.Clamp(next - session.Now, 0, int.MaxValue / 2) + 1);
    }
}
