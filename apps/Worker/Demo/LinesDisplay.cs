using System.Globalization;

namespace Millrace.Worker.Demo;

/// <summary>A plain line a second, for pipes, logs and terminals without cursor control.</summary>
internal sealed class LinesDisplay(TextWriter output) : ProgressDisplay
{
    public override TimeSpan Interval => TimeSpan.FromSeconds(1);

    public override Task<DemoSnapshot> RunAsync(Func<Action<DemoSnapshot>, Task<DemoSnapshot>> follow) => follow(Show);

    private void Show(DemoSnapshot now) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{now.Elapsed.TotalSeconds,5:0.0} s  {now.EventsPerSecond,7:N0} events/s  lag {now.FramesLeft:N0} frames  posts {now.Firehose.Posts:N0}  likes {now.Firehose.Likes:N0}  follows {now.Firehose.Follows:N0}  dead letters {now.Firehose.Dead:N0}  memory {now.Memory >> 20:N0} MB"));
}
