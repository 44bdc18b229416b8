using System.CommandLine;
using Millrace.Worker.Demo;

namespace Millrace.Worker.Commands;

/// <summary>`demo`: replays the recording that ships with the program.</summary>
internal static class DemoCommand
{
    private const string Json = "json";

    public static Command Create()
    {
        var data = CommonOptions.Data();
        var port = CommonOptions.Port();
        var exit = new Option<bool>("--exit-when-done") { Description = "Ends after the summary instead of serving the status pages until Ctrl+C." };
        var output = new Option<string>("--output") { HelpName = "json|text", DefaultValueFactory = _ => "text", Description = "json: the summary as one object on standard output, and nothing else there." };
        output.AcceptOnlyFromAmong(Json, "text");
        var speed = CommonOptions.Integer("--speed", "EVENTS_PER_S", 1, 1_000_000, "Most events a second that the recorded relay sends; as many as are taken by default.");
        var command = new Command("demo", "Replays recorded firehose frames through a relay on loopback into databases of its own, DIR/demo, each time from the start.")
        {
            data, port, exit, output, speed,
        };
        command.SetAction((parsed, _) => new DemoRun(
            new()
            {
                DataDirectory = parsed.GetValue(data),
                Port = parsed.GetValue(port),
                ExitWhenDone = parsed.GetValue(exit),
                Json = parsed.GetValue(output) == Json,
                FramesPerSecond = parsed.GetValue(speed),
            },
            Console.Out,
            Console.Error).RunAsync());
        return command;
    }
}
