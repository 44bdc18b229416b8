using Firehose.Monitoring;

namespace Millrace.Worker.Demo;

/// <summary>How far the demo is.</summary>
internal sealed record DemoSnapshot
{
    /// <summary>Since the process started.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What is stored by now.</summary>
    public required FirehoseStatus Firehose { get; init; }

    /// <summary>Events handled by now.</summary>
    public required long Events { get; init; }

    /// <summary>Since the look shown before this one.</summary>
    public required double EventsPerSecond { get; init; }

    /// <summary>Frames that are not settled: still at the relay, or in the queue.</summary>
    public required long FramesLeft { get; init; }

    /// <summary>Of the process, in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>Why it will not go on, or null.</summary>
    public string? Failure { get; init; }

    public bool Done => FramesLeft == 0;
}
