using Firehose.Monitoring;
using Millrace.Hosting;
using Millrace.Publishing;
using Millrace.Storage;
using Millrace.Worker.Configuration;
using Millrace.Worker.Hosting;

namespace Millrace.Worker.Status;

/// <summary>Collects what the status says, each time anew.</summary>
internal sealed class StatusReader(MillraceControl control, MillraceClient client, FirehoseMonitor firehose, WorkerSettings settings, TimeProvider time)
{
    private const string NoPool = "n/a (embedded)";

    public async ValueTask<WorkerProcessStatus> ReadAsync(CancellationToken stopping)
    {
        var instance = control.Status;
        return new(ToProcess(instance), instance.Workers, await ReadQueuesAsync(instance, stopping), await ReadFirehoseAsync(stopping));
    }

    private async ValueTask<FirehoseSection> ReadFirehoseAsync(CancellationToken stopping)
    {
        try
        {
            return new(await firehose.GetStatusAsync(stopping), firehose.Pool ?? NoPool, null);
        }
        catch (StoreException error)
        {
            return new(null, firehose.Pool ?? NoPool, error.Message);
        }
    }

    private ProcessSection ToProcess(InstanceStatus instance) => new()
    {
        Version = WorkerHost.Version,
        Instance = instance.Instance,
        Group = settings.Group,
        Roles = RoleNames.Of(settings.Roles),
        StartedAt = instance.StartedAt,
        UptimeSeconds = Math.Round((time.GetUtcNow() - instance.StartedAt).TotalSeconds, 3),
        Draining = instance.Draining,
        Memory = ProcessMemory.Read(),
        Durability = new(instance.Durability.Durable, instance.Durability.Findings),
    };

    private async ValueTask<IReadOnlyList<QueueSection>> ReadQueuesAsync(InstanceStatus instance, CancellationToken stopping)
    {
        var queues = new List<QueueSection>();
        foreach (var name in instance.Workers.Select(worker => worker.Queue).Distinct(StringComparer.Ordinal))
            queues.Add(await ReadQueueAsync(name, stopping));

        return queues;
    }

    private async ValueTask<QueueSection> ReadQueueAsync(string name, CancellationToken stopping)
    {
        try
        {
            var counts = await client.CountAsync(name, stopping);
            double? oldest = counts.OldestWaiting is { } at ? Math.Round(Math.Max(0, (time.GetUtcNow() - at).TotalSeconds), 3) : null;
            return new(name, counts, oldest, null);
        }
        catch (StoreException error)
        {
            return new(name, null, null, error.Message);
        }
    }
}
