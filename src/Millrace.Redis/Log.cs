using Microsoft.Extensions.Logging;

namespace Millrace.Redis;

/// <summary>Every message of this project; ids 5000 and up.</summary>
internal static partial class Log
{
    [LoggerMessage(5001, LogLevel.Warning, "The connection for {Role} to Redis is lost ({Failure}); it is made again")]
    public static partial void ConnectionLost(ILogger logger, string role, string failure);

    [LoggerMessage(5002, LogLevel.Information, "The connection for {Role} to Redis is back ({Kind})")]
    public static partial void ConnectionRestored(ILogger logger, string role, string kind);

    [LoggerMessage(5003, LogLevel.Error, "LOSS: entry {Id} of {Queue} was accepted and somebody else removed it before it was finished: who trims or deletes there?")]
    public static partial void EntryLost(ILogger logger, string queue, string id);

    [LoggerMessage(5004, LogLevel.Warning, "Consumers of {Queue} are gone: {Jobs} deliveries taken back, {Crashed} of them had a handler running")]
    public static partial void TakenBack(ILogger logger, string queue, long jobs, long crashed);

    [LoggerMessage(5005, LogLevel.Warning, "Consumer {Owner} of {Queue} could not be ended; its claims come back when its lease is over")]
    public static partial void OwnerNotEnded(ILogger logger, string owner, string queue, Exception error);

    [LoggerMessage(5006, LogLevel.Warning, "An entry of {Queue} holds no message of ours ({Id}); it becomes a dead letter")]
    public static partial void ForeignEntry(ILogger logger, string queue, string id);

    [LoggerMessage(5007, LogLevel.Warning, "Pruning {Queue} failed; it is tried again at the next interval: {Reason}")]
    public static partial void PruneFailed(ILogger logger, string queue, string reason);

    [LoggerMessage(5008, LogLevel.Warning, "The stream of {Queue} holds its maximum of {Most} unfinished entries; publishers wait")]
    public static partial void Full(ILogger logger, string queue, long most);

    [LoggerMessage(5009, LogLevel.Warning, "{Count} deliveries of {Queue} were claimed in an answer that was lost; they are given back")]
    public static partial void UnknownReleased(ILogger logger, string queue, long count);

    [LoggerMessage(5010, LogLevel.Warning, "The consumer group of {Queue} was gone and is made again, from the first entry: what was claimed is handed out again, and what was deleted with it is lost")]
    public static partial void GroupMadeAgain(ILogger logger, string queue);

    [LoggerMessage(5011, LogLevel.Error, "LOSS: {Finding}")]
    public static partial void Trimmed(ILogger logger, string finding);
}
