using Millrace.Redis.Connecting;

namespace Millrace.Redis.Fetching;

/// <summary>Gives back what an owner claimed: all of it, or what it holds without knowing it.</summary>
internal sealed class OwnerClaims(RedisLink link, QueueKeys keys, HeldEntries held, RedisTools tools)
{
    /// <summary>Ends an owner in good order: what it still holds goes back to its place.</summary>
    public async Task EndAsync(string owner, CancellationToken stopping)
    {
        bool all;
        do
        {
            // It may hold more than one call gives back.
            var answer = (StackExchange.Redis.RedisResult[])(await link.RunAsync(Script.EndOwner, keys, stopping, [owner]))!;
            ReportLost((string[])answer[1]!);
            all = (int)answer[0] == 1;
        }
        while (!all);
    }

    /// <summary>Gives back what an answer held that never came, over the connection on which it was lost: a command behind it.</summary>
    public async Task ReleaseUnknownAsync(RedisLink unsure, string owner, CancellationToken stopping)
    {
        if (owner.Length == 0) return;
        var known = held.Claims(keys.Queue);
        var count = (long)await unsure.RunAsync(Script.ReleaseUnknown, keys, stopping, [owner, .. known]);
        if (count > 0) Log.UnknownReleased(tools.Logger, keys.Queue, count);
    }

    /// <summary>Entries that are gone although nobody finished them.</summary>
    public void ReportLost(IReadOnlyList<string> ids)
    {
        foreach (var id in ids) RedisMeters.Lost(tools.Logger, keys.Queue, id);
    }
}
