using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Connecting;

/// <summary>What the server's and the client's errors mean for us.</summary>
internal static class RedisFault
{
    /// <summary>Whether trying again later may succeed, with nothing to mend here.</summary>
    public static bool Passes(Exception error) => error switch
    {
        RedisConnectionException or RedisTimeoutException or ObjectDisposedException { ObjectName: not null } => true,
        RedisServerException server => Starts(server, "LOADING", "BUSY ", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "READONLY", "NOREPLICAS", "MISCONF", "UNBLOCKED"),
        _ => false,
    };

    /// <summary>The stream or its group is not there.</summary>
    public static bool IsNoGroup(Exception error) =>
        error is RedisServerException server && (server.Message.Contains("NOGROUP", StringComparison.Ordinal) || server.Message.Contains("no such key", StringComparison.Ordinal));

    public static bool IsNoScript(RedisServerException error) => Starts(error, "NOSCRIPT");

    /// <summary>An error in the words of the catalogue where there are some, else the same error.</summary>
    public static Exception Explain(Exception error, QueueKeys keys) => error switch
    {
        RedisServerException when error.Message.Contains("WRONGTYPE", StringComparison.Ordinal) =>
            new StoreException("SRC001", $"the key {keys.Stream} of {keys.Queue} holds something that is no stream: name another key, or move what is there.", error),
        RedisServerException when error.Message.Contains("OOM ", StringComparison.Ordinal) =>
            new StoreException("DB006", $"the server of {keys.Stream} has no memory left (maxmemory) and takes nothing new: give it more, or let workers drain.", error),
        RedisServerException server when Starts(server, "READONLY") =>
            new StoreException("DB007", $"the server of {keys.Stream} is a replica now and takes no writes: name its primary, or wait until it is one again.", error),
        _ => error,
    };

    /// <summary>What a background task may meet and try again later.</summary>
    public static bool IsServers(Exception error) => error is RedisException or RedisTimeoutException or StoreException || Passes(error);

    private static bool Starts(RedisServerException error, params ReadOnlySpan<string> codes)
    {
        foreach (var code in codes)
            if (error.Message.StartsWith(code, StringComparison.Ordinal) || error.Message.Contains($"-{code}", StringComparison.Ordinal))
                return true;
        return false;
    }
}
