using System.Globalization;
using Millrace.Redis.Connecting;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Inspecting;

/// <summary>Whether the servers can be used, and whether their settings keep what was accepted.</summary>
internal static class ServerCheck
{
    private static readonly Version s_oldest = new(7, 0);

    /// <exception cref="StoreException">DB001: no such database. DEP001: too old. DB007: a replica that takes no writes.</exception>
    public static async Task<Durability> LookAsync(RedisLink link, RedisStoreOptions options)
    {
        List<string> findings = [];
        foreach (var server in link.Connection.GetServers().Where(server => server.IsConnected))
        {
            if (server.IsReplica)
            {
                if (server.ServerType == ServerType.Cluster) continue;
                throw new StoreException("DB007", $"{options.UrlName} names a replica ({Address(server)}), which takes no writes: name its primary.");
            }

            if (server.DatabaseCount > 0 && link.Database.Database >= server.DatabaseCount)
                throw new StoreException("DB001", $"{options.UrlName} ({Address(server)}) cannot be used: it names database {link.Database.Database}, and the server has 0 to {server.DatabaseCount - 1}");
            if (server.Version < s_oldest) throw new StoreException("DEP001", $"the server at {Address(server)} is version {server.Version}: 7.0 or later is needed (or Valkey).");
            await LookAsync(server, findings);
        }

        return new(findings.Count == 0, findings);
    }

    /// <summary>What tells that somebody trimmed entries the group had not read, or null.</summary>
    public static async Task<string?> FindTrimmedAsync(RedisLink link, QueueKeys keys, CancellationToken stopping)
    {
        var answer = await link.RunAsync(Script.FindTrimmed, keys, stopping);
        if (answer.IsNull) return null;
        var counts = (long[])answer!;
        return $"{keys.Stream}: {counts[0]} entries are unread and only {counts[1]} are there: somebody trims the stream, and what was trimmed is lost";
    }

    private static async Task LookAsync(IServer server, List<string> findings)
    {
        try
        {
            var appendOnly = await ReadAsync(server, "appendonly");
            if (appendOnly == "no") findings.Add($"{Address(server)}: appendonly is no: what was accepted since the last snapshot is lost when the server ends; set it to yes");
            else if (await ReadAsync(server, "appendfsync") is { } fsync and not "always")
                findings.Add($"{Address(server)}: appendfsync is {fsync}: {(fsync == "everysec" ? "about the last second" : "what the system has not written yet")} is lost when the machine loses power; set it to always");
            if (await ReadAsync(server, "maxmemory-policy") is { } policy and not "noeviction")
                findings.Add($"{Address(server)}: maxmemory-policy is {policy}: the server may drop streams to make room; set it to noeviction");
        }
        catch (RedisServerException error)
        {
            findings.Add($"{Address(server)}: its settings cannot be read ({error.Message}), so nothing is known of its durability");
        }
    }

    private static async Task<string?> ReadAsync(IServer server, string name) => (await server.ConfigGetAsync(name)).Select(pair => pair.Value).FirstOrDefault();

    private static string Address(IServer server) => string.Create(CultureInfo.InvariantCulture, $"{server.EndPoint}").Replace("Unspecified/", "", StringComparison.Ordinal);
}
