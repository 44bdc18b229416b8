using Microsoft.Extensions.Logging;

namespace Firehose;

/// <summary>Everything the firehose logs: 1 start, 100 reader, 200 writer, 300 recorded relay.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "The queue is in {Queue}, tables and cursor are in {Tables}")]
    public static partial void EnginesChosen(ILogger logger, string queue, string tables);

    [LoggerMessage(2, LogLevel.Warning, "DUR001 {Address} runs with fsync or full_page_writes off: what it acknowledged may be gone when its machine fails")]
    public static partial void NotDurable(ILogger logger, string address);

    [LoggerMessage(100, LogLevel.Information, "Reading {Host} from {Cursor}")]
    public static partial void Connected(ILogger logger, string host, string cursor);

    [LoggerMessage(101, LogLevel.Warning, "The connection to {Host} ended ({Reason}); next try in {Delay}")]
    public static partial void Reconnecting(ILogger logger, string host, string reason, TimeSpan delay);

    [LoggerMessage(102, LogLevel.Warning, "Gap: {Kind} at {Host}, cursor {Cursor}: {Detail}")]
    public static partial void Gap(ILogger logger, string kind, string host, long? cursor, string detail);

    [LoggerMessage(103, LogLevel.Critical, "Cursor {Cursor} is ahead of the stream of {Host}: {Detail}. Nothing is read. If the relay was replaced, delete its row in relay_cursors; next try in {Delay}")]
    public static partial void CursorAhead(ILogger logger, long? cursor, string host, string detail, TimeSpan delay);

    [LoggerMessage(104, LogLevel.Error, "A frame behind cursor {Cursor} cannot be read (time {Times} of {Tries}): {Reason}")]
    public static partial void FrameRefused(ILogger logger, long? cursor, int times, int tries, string reason);

    [LoggerMessage(105, LogLevel.Error, "A frame behind cursor {Cursor} was given to the dead letters of {Queue} and reading goes on: {Reason}")]
    public static partial void FrameBuried(ILogger logger, long? cursor, string queue, string reason);

    [LoggerMessage(106, LogLevel.Warning, "{Backlog} events wait in {Queue}, the limit is {Limit}: reading pauses")]
    public static partial void Paused(ILogger logger, long backlog, string queue, long limit);

    [LoggerMessage(107, LogLevel.Information, "{Backlog} events wait in {Queue}: reading goes on")]
    public static partial void Resumed(ILogger logger, long backlog, string queue);

    [LoggerMessage(108, LogLevel.Information, "{Host} says {Name}: {Message}")]
    public static partial void RelaySays(ILogger logger, string host, string name, string? message);

    [LoggerMessage(109, LogLevel.Error, "The reader failed; next try in {Delay}")]
    public static partial void ReaderFailed(ILogger logger, TimeSpan delay, Exception error);

    [LoggerMessage(110, LogLevel.Warning, "Cursor {Cursor} cannot be saved, reading goes on: {Reason}")]
    public static partial void CursorFailed(ILogger logger, long cursor, string reason);

    [LoggerMessage(200, LogLevel.Error, "The store cannot be written, events wait: {Reason}")]
    public static partial void StoreFailed(ILogger logger, string reason);

    [LoggerMessage(201, LogLevel.Warning, "Gap: {Breaks} events did not follow on what the tables held; {Repositories} more repositories need to be fetched again")]
    public static partial void ChainBroken(ILogger logger, int breaks, int repositories);
}
