using Millrace.Sqlite.Files;
using Millrace.Sqlite.Settling;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Operating;

/// <summary>Cancels one job: at once where nobody has it, else by a flag its owner finds when it renews or settles.</summary>
internal static class CancelWork
{
    public static JobState? Cancel(WriteSession session, long id, string actor)
    {
        var find = session.Sql["find_job_place"].Bind(1, id);
        if (!find.Step())
            return session.Sql["find_final_state"].Bind(1, id).Scalar() is { } final ? (JobState)final : null;
        var (state, queue, key) = (RowState.Read(find.Int(0)), find.Long(1), find.Text(2));
        find.Reset();
        if (state == JobState.Leased)
        {
            session.Sql["request_cancel"].Bind(1, id).Run();
        }
        else
        {
            FinishWork.Finish(session, id, FinalState.Cancelled);
            if (key is not null) FinishWork.FreeKey(session, queue, key);
            session.Wake(queue);
        }

        AuditWork.Add(session, actor, "cancel", JobId.Write(id), detail: null);
        return state;
    }
}
