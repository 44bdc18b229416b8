using Microsoft.Extensions.Logging;

namespace Millrace.Postgres;

/// <summary>Every message of this project; ids 5000 and up.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Warning, "Owner {Owner} is gone: {Jobs} jobs taken back, {Crashed} of them had a handler running")]
    public static partial void Rescued(ILogger logger, long owner, long jobs, long crashed);

    [LoggerMessage(5002, LogLevel.Warning, "Owner {Owner} could not be ended; its claims come back when its lease is over")]
    public static partial void OwnerNotEnded(ILogger logger, long owner, Exception error);

    [LoggerMessage(5003, LogLevel.Warning, "Pruning failed; it is tried again at the next interval")]
    public static partial void PruneFailed(ILogger logger, Exception error);

    [LoggerMessage(5004, LogLevel.Information, "{Place} failed at try {Attempt}; trying again")]
    public static partial void TriedAgain(ILogger logger, string place, int attempt, Exception error);

    [LoggerMessage(5005, LogLevel.Warning, "{Place} went away during a commit; looking up whether it happened")]
    public static partial void CommitLost(ILogger logger, string place, Exception error);

    [LoggerMessage(5006, LogLevel.Warning, "What owner {Owner} has running could not be noted; it is tried again with the next change or renewal")]
    public static partial void RunningNotNoted(ILogger logger, long owner, Exception error);

    [LoggerMessage(5007, LogLevel.Warning, "Claims of owner {Owner} could not be given back; it is given up, and they come back when its lease is over")]
    public static partial void OwnerGivenUp(ILogger logger, long owner, Exception error);
}
