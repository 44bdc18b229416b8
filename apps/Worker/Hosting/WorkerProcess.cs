using System.Net.Sockets;
using Firehose.Monitoring;
using Millrace.Hosting;
using Millrace.Storage;
using Millrace.Worker.Configuration;
using Millrace.Worker.Logging;

namespace Millrace.Worker.Hosting;

/// <summary>One life of the process: read the settings, start, do the command's own work, stop; every reason not to start is told in one line each.</summary>
internal static class WorkerProcess
{
    private const int LongestFault = 1_000;

    /// <summary>Runs until stopped, or until <paramref name="work"/> asks for the stop through the host's lifetime.</summary>
    /// <param name="configure">Reads the settings; may throw <see cref="MillraceConfigurationException"/>.</param>
    /// <param name="work">Gets the running host and the address of its pages.</param>
    /// <param name="errors">Where faults are told.</param>
    public static async Task<int> RunAsync(Func<Task<WorkerSettings>> configure, Func<RunningWorker, Task<int>> work, TextWriter errors)
    {
        try
        {
            var settings = await configure();
            await using var app = WorkerHost.Build(settings);
            return await RunAsync(app, settings, work);
        }
        catch (Exception error) when (FaultsOf(error) is { } faults)
        {
            foreach (var fault in faults) await errors.WriteLineAsync(VisibleText.OneLine(fault, LongestFault));
            return ExitCodes.Configuration;
        }
    }

    private static async Task<int> RunAsync(WebApplication app, WorkerSettings settings, Func<RunningWorker, Task<int>> work)
    {
        try
        {
            // Opened here: inside its worker a database that cannot be used would be a failure to recover from.
            app.Services.GetRequiredService<FirehoseMonitor>();
            await app.StartAsync();
        }
        catch (Exception error) when (FaultsOf(error) is null && SocketErrorOf(error) is { } reason)
        {
            // Free when it was tried, taken since.
            throw new MillraceConfigurationException([Ports.Fault(settings.Port, reason)]);
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Stopped while it started.
            return ExitCodes.Ok;
        }

        var code = await work(new(app, settings));
        await app.WaitForShutdownAsync();
        return code;
    }

    /// <summary>The web server wraps the reason why it cannot listen.</summary>
    private static SocketError? SocketErrorOf(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
            if (error is SocketException socket)
                return socket.SocketErrorCode;
        return null;
    }

    private static IReadOnlyList<string>? FaultsOf(Exception error) => error switch
    {
        MillraceConfigurationException { Faults: var faults } => faults,
        StoreException { Message: var fault } => [fault],
        _ => null,
    };
}
