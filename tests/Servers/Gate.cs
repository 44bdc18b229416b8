namespace Servers;

/// <summary>Open at first; whoever comes while it is closed waits until it opens.</summary>
internal sealed class Gate
{
    private volatile TaskCompletionSource? _closed;

    public void Close() => Interlocked.CompareExchange(ref _closed, new(TaskCreationOptions.RunContinuationsAsynchronously), null);

    public void Open() => Interlocked.Exchange(ref _closed, null)?.TrySetResult();

    public Task PassAsync(CancellationToken stop) => _closed?.Task.WaitAsync(stop) ?? Task.CompletedTask;
}
