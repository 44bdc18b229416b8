using Microsoft.Extensions.Hosting;

namespace Firehose.Reading;

/// <summary>Runs the reader as long as the host runs; starts after the queue is open and stops before it closes.</summary>
internal sealed class RelayReaderService(RelayReader reader) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reader.RunAsync(stoppingToken);
}
