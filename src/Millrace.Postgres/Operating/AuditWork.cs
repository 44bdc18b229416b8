using Millrace.Postgres.Connecting;

namespace Millrace.Postgres.Operating;

/// <summary>The trail of what operators did, written in the transaction that did it.</summary>
internal static class AuditWork
{
    public static Statement Insert(string actor, string action, string target, string? detail) =>
        new("insert_audit", Value.Of(actor), Value.Of(action), Value.Of(target), Value.Of(detail));
}
