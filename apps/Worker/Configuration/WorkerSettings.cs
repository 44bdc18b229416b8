using Firehose;
using Millrace.Hosting;

namespace Millrace.Worker.Configuration;

/// <summary>Everything the process was told: by options, which win, and by the environment.</summary>
internal sealed record WorkerSettings
{
    public const string DefaultDataDirectory = "millrace-data";
    public const int DefaultPort = 8080;

    /// <summary>Where the databases are; absolute.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Loopback port of the status pages; 0 takes a free one.</summary>
    public int Port { get; init; } = DefaultPort;

    public FirehoseRoles Roles { get; init; } = FirehoseRoles.All;

    /// <summary>The name that replicas of one deployment share, where a source has groups.</summary>
    public string? Group { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Nobody asked for a level.</summary>
    public bool LogLevelIsDefault { get; init; } = true;

    public FirehoseOptions Firehose { get; init; } = new();

    /// <summary>Reads the environment; null stands for an option that was not given.</summary>
    /// <exception cref="MillraceConfigurationException">All faults at once; nothing was started.</exception>
    public static WorkerSettings Read(string? dataDirectory, int? port, Func<string, string?> variable)
    {
        var environment = new EnvironmentReader(variable);
        var group = ReadGroup(environment);
        var settings = new WorkerSettings
        {
            DataDirectory = Path.GetFullPath(dataDirectory ?? DefaultDataDirectory),
            Port = port ?? environment.Integer("PORT", 0, 65_535, "CFG016") ?? DefaultPort,
            Roles = RoleNames.Read(environment),
            Group = group,
            LogLevel = LogLevels.Read(environment),
            LogLevelIsDefault = variable("LOG_LEVEL") is null,
            Firehose = ReadFirehose(environment, group),
        };
        string?[] faults = [.. environment.Faults, DataDirectories.FaultOf(settings.DataDirectory), Ports.FaultOf(settings.Port)];
        return faults.OfType<string>().ToList() is { Count: > 0 } found ? throw new MillraceConfigurationException(found) : settings;
    }

    private static FirehoseOptions ReadFirehose(EnvironmentReader environment, string? group)
    {
        var concurrency = environment.Integer("CONCURRENCY", 1, 10_000);
        var options = FirehoseOptions.FromEnvironment(environment.Variable, environment.Faults);
        // The system's own name for it is the more specific one.
        if (concurrency is { } pipelines && environment.Variable("PARALLEL_CONSUMERS") is null) options.Pipelines = pipelines;
        if (group is not null && environment.Variable("REDIS_CONSUMER_GROUP") is null) options.ConsumerGroup = group;
        return options;
    }

    private static string? ReadGroup(EnvironmentReader environment)
    {
        if (environment.Text("GROUP_ID") is not { } group) return null;
        if (Storage.JobRules.IsName(group)) return group;
        environment.Refuse($"CFG015 GROUP_ID \"{Storage.JobRules.Clip(group)}\" is not allowed: it must match [a-z0-9][a-z0-9._-]{{0,62}}.");
        return null;
    }
}
