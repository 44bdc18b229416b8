using System.Globalization;
using Millrace.Worker.Logging;
using Spectre.Console;

namespace Millrace.Worker.Demo;

/// <summary>The closing table.</summary>
internal static class SummaryTable
{
    public static void Write(IAnsiConsole console, DemoSummary summary)
    {
        var table = new Table().Border(DemoConsole.IsLive ? TableBorder.Rounded : TableBorder.Ascii).AddColumn("demo").AddColumn(new TableColumn("").RightAligned());
        table.AddRow("frames", Number(summary.Frames));
        table.AddRow("events/s", Number(summary.EventsPerSecond));
        table.AddRow("seconds", summary.Seconds.ToString("0.00", CultureInfo.InvariantCulture));
        table.AddRow("seconds to first event", summary.SecondsToFirstEvent.ToString("0.00", CultureInfo.InvariantCulture));
        table.AddRow("posts", Number(summary.Posts));
        table.AddRow("likes", Number(summary.Likes));
        table.AddRow("reposts", Number(summary.Reposts));
        table.AddRow("follows", Number(summary.Follows));
        table.AddRow("users", Number(summary.Users));
        table.AddRow("dead letters", Number(summary.DeadLetters.Count));
        table.AddRow("peak memory", $"{summary.PeakMemoryBytes >> 20} MB");
        console.Write(table);
        foreach (var reason in summary.DeadLetters.FirstReasons) console.WriteLine($"Dead letter: {VisibleText.OneLine(reason, 200)}");
        if (summary.DeadLetters.Count > summary.DeadLetters.FirstReasons.Count)
            console.WriteLine($"and {summary.DeadLetters.Count - summary.DeadLetters.FirstReasons.Count} more.");
    }

    private static string Number(double number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
