using Microsoft.Extensions.Logging;

namespace Millrace.Sqlite;

/// <summary>Every message of this project; ids 4000 and up.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Warning, "Owner {Owner} is gone: {Jobs} jobs taken back, {Crashed} of them had a handler running")]
    public static partial void Rescued(ILogger logger, long owner, int jobs, int crashed);

    [LoggerMessage(4002, LogLevel.Warning, "Owner {Owner} could not be ended; its claims come back when its lease is over")]
    public static partial void OwnerNotEnded(ILogger logger, long owner, Exception error);

    [LoggerMessage(4003, LogLevel.Warning, "Pruning failed; it is tried again at the next interval")]
    public static partial void PruneFailed(ILogger logger, Exception error);

    [LoggerMessage(4004, LogLevel.Error, "What follows from a commit failed; the commit itself stands")]
    public static partial void AnnouncementFailed(ILogger logger, Exception error);
}
