namespace Millrace.Tests;

/// <summary>What handlers saw, in order, with a signal at a given count.</summary>
internal sealed class Seen
{
    private readonly Lock _gate = new();
    private readonly List<string> _all = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate) return [.. _all];
        }
    }

    public void Add(string what)
    {
        lock (_gate)
        {
            _all.Add(what);
            foreach (var (_, reached) in _waiting.Where(waiting => waiting.Count <= _all.Count)) reached.TrySetResult();
        }
    }

    /// <summary>Ends when <paramref name="count"/> things were seen.</summary>
    public Task CountAsync(int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_all.Count >= count) return Task.CompletedTask;
            _waiting.Add((count, reached));
        }

        return reached.Task.WaitAsync(TestContext.Current.CancellationToken);
    }
}
