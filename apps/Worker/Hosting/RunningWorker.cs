using Millrace.Worker.Configuration;

namespace Millrace.Worker.Hosting;

/// <summary>The host after its start.</summary>
internal sealed class RunningWorker(WebApplication app, WorkerSettings settings)
{
    public WorkerSettings Settings => settings;

    public IServiceProvider Services => app.Services;

    /// <summary>Where the pages are, with the port really taken.</summary>
    public string Address => app.Urls.First();

    /// <summary>A stop was asked for.</summary>
    public CancellationToken Stopping => app.Lifetime.ApplicationStopping;

    public void Stop() => app.Lifetime.StopApplication();
}
