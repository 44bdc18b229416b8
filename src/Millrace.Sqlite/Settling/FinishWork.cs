using Millrace.Sources;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Settling;

/// <summary>The final states a row of `finished` can bear, as numbered by <see cref="JobState"/>.</summary>
internal static class FinalState
{
    public const int Succeeded = (int)JobState.Succeeded;
    public const int Dead = (int)JobState.Dead;
    public const int Cancelled = (int)JobState.Cancelled;
}

/// <summary>Takes jobs out of the queue for good.</summary>
internal static class FinishWork
{
    /// <summary>The one outcome that is worth a path of its own: no row is read before it is removed.</summary>
    /// <returns>False when the claim was lost.</returns>
    public static bool Complete(WriteSession session, Delivery delivery)
    {
        if (session.KeepsFinished
            && session.Sql.FinishClaim.Bind(1, delivery.Number).Bind(2, FinalState.Succeeded).Bind(3, session.Now).Bind(4, delivery.Token).Run() == 0)
            return false;
        return session.Sql.CompleteJob.Bind(1, delivery.Number).Bind(2, delivery.Token).Run() > 0;
    }

    /// <summary>Removes the job; leaves a row to look at when the store keeps any.</summary>
    public static void Finish(WriteSession session, long id, int state)
    {
        if (session.KeepsFinished) session.Sql["finish_job"].Bind(1, id).Bind(2, state).Bind(3, session.Now).Run();
        session.Sql["delete_job"].Bind(1, id).Run();
    }

    /// <summary>Lets go the first of those held behind a key, after something that may have held them is gone.</summary>
    public static void FreeKey(WriteSession session, long queue, string key)
    {
        if (session.Sql["ready_held"].Bind(1, queue).Bind(2, key).Run() > 0) session.Wake(queue);
    }
}
