using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Operating;

/// <summary>Keeps the pauses in force; the engine obeys them.</summary>
internal static class PauseWork
{
    public static bool Set(WriteSession session, string worker, Pause? pause, string actor)
    {
        if (pause is null) session.Sql["delete_pause"].Bind(1, worker).Run();
        else session.Sql["set_pause"].Bind(1, worker).Bind(2, pause.By).Bind(3, pause.Reason).Bind(4, pause.At.ToUnixTimeMilliseconds()).Run();
        return AuditWork.Add(session, actor, pause is null ? "resume" : "pause", worker, pause?.Reason);
    }
}
