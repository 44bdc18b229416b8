using Spectre.Console;

namespace Millrace.Worker.Demo;

/// <summary>What standard output can show: colour and cursor movement only on a terminal that has them and whose user wants them.</summary>
internal static class DemoConsole
{
    public static bool IsLive => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or "");

    public static IAnsiConsole Create()
    {
        var plain = !IsLive;
        var console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(Console.Out),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            // https://no-color.org: set and not empty, whatever the value.
            ColorSystem = plain || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        // A pipe has no width; lines are as long as they are.
        if (plain) console.Profile.Width = 200;
        return console;
    }
}
