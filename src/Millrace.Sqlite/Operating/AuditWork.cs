using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Operating;

/// <summary>The trail of what operators did, written in the transaction that did it.</summary>
internal static class AuditWork
{
    public static bool Add(WriteSession session, string actor, string action, string target, string? detail)
    {
        session.Sql["insert_audit"].Bind(1, session.Now).Bind(2, actor).Bind(3, action).Bind(4, target).Bind(5, detail).Run();
        return true;
    }
}
