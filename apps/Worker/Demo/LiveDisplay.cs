using System.Globalization;
using Spectre.Console;

namespace Millrace.Worker.Demo;

/// <summary>A table that changes in place, for terminals.</summary>
internal sealed class LiveDisplay(IAnsiConsole console) : ProgressDisplay
{
    public override TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    public override Task<DemoSnapshot> RunAsync(Func<Action<DemoSnapshot>, Task<DemoSnapshot>> follow)
    {
        var table = new Table().Title("Millrace demo: recorded firehose into SQLite").Border(TableBorder.Rounded)
            .AddColumns("events/s", "lag", "posts", "likes", "follows", "dead letters", "memory", "time");
        foreach (var column in table.Columns) column.RightAligned();
        return console.Live(table).AutoClear(true).StartAsync(live => follow(now =>
        {
            table.Rows.Clear();
            table.AddRow(
                Number(now.EventsPerSecond), $"{Number(now.FramesLeft)} frames", Number(now.Firehose.Posts), Number(now.Firehose.Likes),
                Number(now.Firehose.Follows), Number(now.Firehose.Dead), $"{now.Memory >> 20} MB", now.Elapsed.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture));
            live.Refresh();
        }));
    }

    private static string Number(double number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
