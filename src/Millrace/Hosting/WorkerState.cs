using System.Text.Json.Serialization;
using Millrace.Settlements;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Where a worker is in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WorkerState>))]
public enum WorkerState
{
    /// <summary>Not yet running.</summary>
    Starting,

    /// <summary>Fetching and handling.</summary>
    Running,

    /// <summary>An operator's pause: nothing is claimed.</summary>
    Paused,

    /// <summary>Claims nothing; running handlers may finish.</summary>
    Draining,

    /// <summary>Waits to be restarted after a failure.</summary>
    Restarting,

    /// <summary>Failed too often; down until restarted by hand.</summary>
    Failed,

    /// <summary>Over.</summary>
    Stopped,
}

/// <summary>One worker at one moment.</summary>
public sealed record WorkerStatus
{
    /// <summary>The worker's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its queue.</summary>
    public required string Queue { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required WorkerState State { get; init; }

    /// <summary>Handler calls that may run at once.</summary>
    public int Concurrency { get; init; }

    /// <summary>Handler calls that run.</summary>
    public int Running { get; init; }

    /// <summary>Claimed deliveries that wait for a slot.</summary>
    public int Buffered { get; init; }

    /// <summary>Deliveries claimed and not settled.</summary>
    public int InFlight { get; init; }

    /// <summary>Bytes claimed and not settled.</summary>
    public long InFlightBytes { get; init; }

    /// <summary>Keys with something in them.</summary>
    public int Keys { get; init; }

    /// <summary>What was written since the start.</summary>
    public SettlementCounts Settled { get; init; }

    /// <summary>Restarts since the process started.</summary>
    public int Restarts { get; init; }

    /// <summary>The latest failure of the worker itself, in one line, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>The pause in force, or null.</summary>
    public Pause? Pause { get; init; }
}

/// <summary>One process at one moment.</summary>
/// <param name="Instance">Its name.</param>
/// <param name="StartedAt">Since when.</param>
/// <param name="Draining">True from the moment a stop was asked for.</param>
/// <param name="Durability">Whether the store keeps the promise.</param>
/// <param name="Workers">Its workers.</param>
public sealed record InstanceStatus(string Instance, DateTimeOffset StartedAt, bool Draining, Durability Durability, IReadOnlyList<WorkerStatus> Workers);
