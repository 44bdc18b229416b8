using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>What is counted of Redis beside the engine's own figures; the meter is named Millrace.Redis.</summary>
internal static class RedisMeters
{
    private static readonly Meter s_meter = new("Millrace.Redis");
    private static readonly Counter<long> s_failures = s_meter.CreateCounter<long>("millrace.redis.connection_failures", "{failure}", "Connections to Redis that were lost.");
    private static readonly Counter<long> s_lost = s_meter.CreateCounter<long>("millrace.redis.lost", "{message}", "Accepted entries that somebody else removed before they were finished.");
    private static readonly Counter<long> s_takenBack = s_meter.CreateCounter<long>("millrace.redis.taken_back", "{message}", "Claims taken back from consumers that died.");

    public static void Failed(ILogger logger, string role, ConnectionFailedEventArgs failure)
    {
        s_failures.Add(1);
        Log.ConnectionLost(logger, role, failure.FailureType.ToString());
    }

    public static void Restored(ILogger logger, string role, ConnectionFailedEventArgs restored) => Log.ConnectionRestored(logger, role, restored.ConnectionType.ToString());

    public static void Lost(ILogger logger, string queue, string id)
    {
        s_lost.Add(1, new KeyValuePair<string, object?>("messaging.destination.name", queue));
        Log.EntryLost(logger, queue, id);
    }

    public static void TakenBack(ILogger logger, string queue, long jobs, long crashed)
    {
        s_takenBack.Add(jobs, new KeyValuePair<string, object?>("messaging.destination.name", queue));
        Log.TakenBack(logger, queue, jobs, crashed);
    }
}
