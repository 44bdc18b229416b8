using Millrace.Postgres.Connecting;
using Millrace.Storage;

namespace Millrace.Postgres.Operating;

/// <summary>Keeps the pauses in force; the engine obeys them.</summary>
internal static class PauseWork
{
    public static async Task<bool> SetAsync(Session session, string worker, Pause? pause, string actor, CancellationToken stopping)
    {
        var change = pause is null
            ? new Statement("delete_pause", Value.Of(worker))
            : new Statement("set_pause", Value.Of(worker), Value.Of(pause.By), Value.Of(pause.Reason), Value.Of(pause.At));
        await session.RunAsync([change, AuditWork.Insert(actor, pause is null ? "resume" : "pause", worker, pause?.Reason)], stopping);
        return true;
    }
}
