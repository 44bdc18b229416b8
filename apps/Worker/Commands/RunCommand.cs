using System.CommandLine;
using Millrace.Worker.Configuration;
using Millrace.Worker.Hosting;

namespace Millrace.Worker.Commands;

/// <summary>`run`: does what the environment says until it is stopped.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var port = CommonOptions.Port();
        var command = new Command("run", "Runs the workers that the environment names until it is stopped.") { data, port };
        command.SetAction((parsed, _) => WorkerProcess.RunAsync(
            () => Task.FromResult(WorkerSettings.Read(parsed.GetValue(data), parsed.GetValue(port), Environment.GetEnvironmentVariable)),
            Serve,
            Console.Error));
        return command;
    }

    private static Task<int> Serve(RunningWorker worker)
    {
        Console.Out.WriteLine($"Millrace {WorkerHost.Version} runs {string.Join(", ", RoleNames.Of(worker.Settings.Roles))}, data in {worker.Settings.DataDirectory}.");
        Console.Out.WriteLine($"Status: {worker.Address}/api/v1/status (Ctrl+C stops)");
        return Task.FromResult(ExitCodes.Ok);
    }
}
