using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Millrace.Redis.Connecting;
using Millrace.Redis.Inspecting;

namespace Millrace.Redis.Retaining;

/// <summary>Forgets finished jobs and frees what is finished, a step at a time, so that nobody waits for it; and looks whether others trimmed what is unread.</summary>
internal sealed class Pruner(RedisLink link, QueueRegistry queues, RedisStoreOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int Step = 500;

    private readonly CancellationTokenSource _stopped = new();
    private readonly ConcurrentDictionary<string, string?> _trimmed = new(StringComparer.Ordinal);
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = RunAsync();

    public async Task<int> PruneAsync(CancellationToken stopping)
    {
        var total = 0;
        await queues.RegisterAgainAsync(stopping);
        foreach (var keys in await queues.ListAsync(stopping))
        {
            try
            {
                var now = (long)await link.RunAsync(Script.Clock, keys, stopping);
                int step;
                do
                {
                    step = (int)await link.RunAsync(Script.Prune, keys, stopping, [now - (long)options.Retention.MaxAge.TotalMilliseconds, Step]);
                    total += step;
                }
                while (step > 0);
                await LookForTrimmedAsync(keys, stopping);
            }
            catch (Exception error) when (RedisFault.IsServers(error))
            {
                Log.PruneFailed(logger, keys.Queue, error.Message);
            }
        }

        return total;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _loop;
        _stopped.Dispose();
    }

    /// <summary>Unread entries that are gone are in no answer: only the group's lag tells of them. Said once for each extent.</summary>
    private async Task LookForTrimmedAsync(QueueKeys keys, CancellationToken stopping)
    {
        var finding = await ServerCheck.FindTrimmedAsync(link, keys, stopping);
        if (finding is not null && (!_trimmed.TryGetValue(keys.Queue, out var said) || said != finding)) Log.Trimmed(logger, finding);
        _trimmed[keys.Queue] = finding;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(options.PruneInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token)) await PruneOnceAsync();
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // Closed.
        }
    }

    private async Task PruneOnceAsync()
    {
        try
        {
            await PruneAsync(_stopped.Token);
        }
        catch (Exception error) when (RedisFault.IsServers(error))
        {
            Log.PruneFailed(logger, "*", error.Message);
        }
    }
}
