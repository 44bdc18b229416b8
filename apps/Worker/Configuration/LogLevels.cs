using Millrace.Storage;

namespace Millrace.Worker.Configuration;

/// <summary>The names of `LOG_LEVEL`.</summary>
internal static class LogLevels
{
    private static readonly (string Name, LogLevel Level)[] All =
    [
        ("trace", LogLevel.Trace),
        ("debug", LogLevel.Debug),
        ("info", LogLevel.Information),
        ("information", LogLevel.Information),
        ("warn", LogLevel.Warning),
        ("warning", LogLevel.Warning),
        ("error", LogLevel.Error),
        ("critical", LogLevel.Critical),
        ("none", LogLevel.None),
    ];

    public static LogLevel Read(EnvironmentReader environment)
    {
        if (environment.Text("LOG_LEVEL") is not { } text) return LogLevel.Information;
        foreach (var (name, level) in All)
            if (name.Equals(text, StringComparison.OrdinalIgnoreCase))
                return level;
        environment.Refuse($"CFG022 LOG_LEVEL \"{JobRules.Clip(text)}\" is unknown: it must be one of trace, debug, info, warn, error, critical, none.");
        return LogLevel.Information;
    }
}
