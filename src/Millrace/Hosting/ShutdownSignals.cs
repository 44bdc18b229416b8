using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Millrace.Hosting;

/// <summary>The first SIGTERM or SIGINT drains (the host's own doing); the second one exits at once with 128 + the signal's number.</summary>
internal sealed class ShutdownSignals(IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _seen;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Handle(context, 143)));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Handle(context, 130)));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    private void Handle(PosixSignalContext context, int exitCode)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _seen) > 1) Environment.Exit(exitCode);
        lifetime.StopApplication();
    }
}
