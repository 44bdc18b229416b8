namespace Millrace.Worker.Demo;

/// <summary>Shows how far the demo is, while it runs.</summary>
internal abstract class ProgressDisplay
{
    /// <summary>How often there is something new to see.</summary>
    public abstract TimeSpan Interval { get; }

    /// <summary>Runs <paramref name="follow"/>, which is given what shows a snapshot.</summary>
    public abstract Task<DemoSnapshot> RunAsync(Func<Action<DemoSnapshot>, Task<DemoSnapshot>> follow);
}
