using System.Text.Json.Serialization;

namespace Millrace.Worker.Demo;

/// <summary>What the demo did, as the closing table and `--output json` say it.</summary>
internal sealed record DemoSummary
{
    /// <summary>Frames that the relay sent, each once.</summary>
    public required long Frames { get; init; }

    /// <summary>From the start of the workers until everything was settled.</summary>
    public required double Seconds { get; init; }

    public required double EventsPerSecond { get; init; }

    /// <summary>From the start of the process until the first event was in the tables.</summary>
    public required double SecondsToFirstEvent { get; init; }

    public required long Posts { get; init; }

    public required long Likes { get; init; }

    public required long Reposts { get; init; }

    public required long Follows { get; init; }

    public required long Users { get; init; }

    public required DeadLetterSummary DeadLetters { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public required string Database { get; init; }

    public required string Status { get; init; }
}

/// <summary>How many events could not be stored as they are, and why the first of them.</summary>
internal sealed record DeadLetterSummary(long Count, IReadOnlyList<string> FirstReasons);

/// <summary>The summary as JSON, in one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DemoSummary))]
internal sealed partial class DemoJson : JsonSerializerContext;
