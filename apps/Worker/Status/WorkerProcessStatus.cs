using Millrace.Hosting;
using Millrace.Storage;

namespace Millrace.Worker.Status;

/// <summary>Everything `/api/v1/status` says.</summary>
internal sealed record WorkerProcessStatus(ProcessSection Process, IReadOnlyList<WorkerStatus> Workers, IReadOnlyList<QueueSection> Queues, FirehoseSection Firehose);

/// <summary>The process itself.</summary>
internal sealed record ProcessSection
{
    public required string Version { get; init; }

    public required string Instance { get; init; }

    /// <summary>`GROUP_ID`, or null.</summary>
    public string? Group { get; init; }

    public required IReadOnlyList<string> Roles { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required double UptimeSeconds { get; init; }

    public bool Draining { get; init; }

    public required MemorySection Memory { get; init; }

    public required DurabilitySection Durability { get; init; }
}

/// <summary>Memory in bytes: of the process now and at its peak, and of the managed heap.</summary>
internal sealed record MemorySection(long WorkingSet, long PeakWorkingSet, long Heap);

/// <summary>Whether the store keeps the promise that nothing accepted is lost, and what stands against it.</summary>
internal sealed record DurabilitySection(bool Durable, IReadOnlyList<string> Findings);

/// <summary>A queue: how many of its jobs are in which state, or why nobody knows just now.</summary>
internal sealed record QueueSection(string Name, QueueCounts? Counts, double? OldestWaitingSeconds, string? Error);
