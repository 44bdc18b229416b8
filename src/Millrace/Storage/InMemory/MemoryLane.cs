namespace Millrace.Storage.InMemory;

/// <summary>The ready jobs of one priority by place: new ones in a linked list, those that came back to an old place in a heap beside it.</summary>
/// <remarks>A job that is ready no more (cancelled) stays linked and is dropped when it comes to the front.</remarks>
internal sealed class MemoryLane(byte priority)
{
    private readonly PriorityQueue<MemoryJob, long> _returned = new();
    private MemoryJob? _first;
    private MemoryJob? _last;

    public byte Priority { get; } = priority;

    public void Append(MemoryJob job)
    {
        if (_last is null) _first = job;
        else _last.NextReady = job;
        _last = job;
    }

    public void Return(MemoryJob job) => _returned.Enqueue(job, job.Seq);

    public MemoryJob? Peek()
    {
        while (_first is not null && _first.State != JobState.Waiting) Unlink();
        if (_returned.Count == 0) return _first;
        while (_returned.TryPeek(out var back, out _))
        {
            if (back.State == JobState.Waiting) return _first is null || back.Seq < _first.Seq ? back : _first;
            _returned.Dequeue();
        }
        return _first;
    }

    /// <summary>Takes what <see cref="Peek"/> just showed.</summary>
    public void Take(MemoryJob peeked)
    {
        if (ReferenceEquals(peeked, _first)) Unlink();
        else _returned.Dequeue();
    }

    private void Unlink()
    {
        var gone = _first!;
        _first = gone.NextReady;
        gone.NextReady = null;
        if (_first is null) _last = null;
    }
}
