using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Millrace.Worker.Logging;

/// <summary>One record, one line: time, level, category and id, message, error. Text from outside cannot forge a second line.</summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "millrace";

    /// <summary>Longer records are clipped, in characters.</summary>
    private const int MaxLength = 16 * 1024;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var line = new StringBuilder(256);
        line.Append(time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
            .Append(' ').Append(NameOf(logEntry.LogLevel)).Append(' ')
            .Append(logEntry.Category).Append('[').Append(logEntry.EventId.Id).Append("] ");
        VisibleText.AppendTo(line, logEntry.Formatter(logEntry.State, null), MaxLength);
        if (logEntry.Exception is { } error) VisibleText.AppendTo(line.Append(" | "), error.ToString(), MaxLength);
        textWriter.WriteLine(line);
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
