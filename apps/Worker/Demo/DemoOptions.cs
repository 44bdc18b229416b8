namespace Millrace.Worker.Demo;

/// <summary>How the demo was asked for.</summary>
internal sealed record DemoOptions
{
    public string? DataDirectory { get; init; }

    public int? Port { get; init; }

    /// <summary>Ends after the summary instead of serving on.</summary>
    public bool ExitWhenDone { get; init; }

    /// <summary>The summary is one JSON object, alone on standard output.</summary>
    public bool Json { get; init; }

    /// <summary>Most frames a second that the relay sends; null for as fast as they are taken.</summary>
    public int? FramesPerSecond { get; init; }
}
