using Microsoft.Extensions.Logging;
using Millrace.Storage;

namespace Millrace.Postgres.Retaining;

/// <summary>Prunes at an interval until disposed.</summary>
internal sealed class Pruner : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public Pruner(Func<CancellationToken, ValueTask<int>> prune, TimeSpan interval, TimeProvider time, ILogger logger) =>
        _loop = RunAsync(prune, interval, time, logger, _stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private static async Task RunAsync(Func<CancellationToken, ValueTask<int>> prune, TimeSpan interval, TimeProvider time, ILogger logger, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                try
                {
                    await prune(stopping);
                }
                catch (StoreException error)
                {
                    Log.PruneFailed(logger, error);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The store closes.
        }
    }
}
