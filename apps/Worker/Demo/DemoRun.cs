using Firehose;
using Firehose.Relay;
using Millrace.Worker.Configuration;
using Millrace.Worker.Hosting;
using Millrace.Worker.Logging;

namespace Millrace.Worker.Demo;

/// <summary>The demo: a relay on loopback plays a recording, the process ingests it, shows how it goes and says what came of it.</summary>
internal sealed class DemoRun(DemoOptions options, TextWriter output, TextWriter errors)
{
    public async Task<int> RunAsync()
    {
        RecordedRelay? relay = null;
        DemoFiles? files = null;
        try
        {
            var recording = Task.Run(() => RecordedRelay.Load(Path.Combine(AppContext.BaseDirectory, "demo", "small.frames")));
            return await WorkerProcess.RunAsync(
                async () =>
                {
                    var settings = WorkerSettings.Read(options.DataDirectory, options.Port, Environment.GetEnvironmentVariable);
                    files = DemoFiles.Take(settings.DataDirectory);
                    relay = await RecordedRelay.StartAsync(await recording, new() { FramesPerSecond = options.FramesPerSecond });
                    return ForDemo(settings, files, relay);
                },
                worker => ShowAsync(worker, relay!),
                errors);
        }
        finally
        {
            if (relay is not null) await relay.DisposeAsync();
            files?.Dispose();
        }
    }

    private static WorkerSettings ForDemo(WorkerSettings settings, DemoFiles files, RecordedRelay relay)
    {
        settings.Firehose.RelayUrl = relay.Url;
        // Stores of its own: somebody's real stream and tables are no place for a recording.
        settings.Firehose.RedisUrl = null;
        settings.Firehose.DatabaseUrl = null;
        return settings with
        {
            DataDirectory = files.Directory,
            Roles = FirehoseRoles.All,
            // Log lines would tear the live display; what matters of them is in it. LOG_LEVEL brings them back.
            LogLevel = settings.LogLevelIsDefault ? LogLevel.Critical : settings.LogLevel,
        };
    }

    private async Task<int> ShowAsync(RunningWorker worker, RecordedRelay relay)
    {
        var monitor = new DemoMonitor(worker, relay.Head);
        ProgressDisplay display = options.Json ? new LinesDisplay(errors) : DemoConsole.IsLive ? new LiveDisplay(DemoConsole.Create()) : new LinesDisplay(output);
        var last = await display.RunAsync(show => monitor.FollowAsync(show, display.Interval));
        if (!last.Done)
        {
            await errors.WriteLineAsync(VisibleText.OneLine($"Stopped with {last.FramesLeft} frames left{(last.Failure is null ? "." : $": {last.Failure}")}", 1_000));
            worker.Stop();
            return ExitCodes.Failure;
        }

        Tell(await monitor.SummarizeAsync(last));
        if (options.ExitWhenDone) worker.Stop();
        return ExitCodes.Ok;
    }

    private void Tell(DemoSummary summary)
    {
        if (options.Json)
        {
            output.WriteLine(System.Text.Json.JsonSerializer.Serialize(summary, DemoJson.Default.DemoSummary));
            output.Flush();
            if (!options.ExitWhenDone) errors.WriteLine($"Status: {summary.Status} (Ctrl+C stops)");
            return;
        }

        SummaryTable.Write(DemoConsole.Create(), summary);
        output.WriteLine($"The tables are in {summary.Database}; the next demo starts over.");
        output.WriteLine(options.ExitWhenDone ? $"Status was at {summary.Status}; without --exit-when-done it stays there." : $"Status: {summary.Status} (Ctrl+C stops)");
    }
}
