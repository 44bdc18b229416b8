namespace Millrace.Storage.InMemory;

/// <summary>The ready jobs of a queue, one lane a priority, most urgent first.</summary>
internal sealed class MemoryReady
{
    private readonly List<MemoryLane> _lanes = [];
    private long _places;

    /// <summary>Gives a new job the last place, and one that was here before its old place.</summary>
    public void Add(MemoryJob job)
    {
        var lane = LaneOf(job.Message.Priority);
        if (job.Seq != 0)
        {
            lane.Return(job);
            return;
        }

        job.Seq = ++_places;
        lane.Append(job);
    }

    /// <summary>Takes the front by priority and place, or by place alone.</summary>
    public MemoryJob? Take(bool byPlace)
    {
        MemoryLane? best = null;
        MemoryJob? first = null;
        foreach (var lane in _lanes)
            if (lane.Peek() is { } job && (first is null || job.Seq < first.Seq))
            {
                (best, first) = (lane, job);
                if (!byPlace) break;
            }

        best?.Take(first!);
        return first;
    }

    /// <summary>When the longest known of the jobs at the front was stored.</summary>
    public DateTimeOffset? Oldest()
    {
        DateTimeOffset? oldest = null;
        foreach (var lane in _lanes)
            if (lane.Peek() is { } job && !(oldest <= job.EnqueuedAt)) oldest = job.EnqueuedAt;
        return oldest;
    }

    private MemoryLane LaneOf(byte priority)
    {
        var at = 0;
        for (; at < _lanes.Count; at++)
            if (_lanes[at].Priority == priority) return _lanes[at];
            else if (_lanes[at].Priority > priority) break;
        var lane = new MemoryLane(priority);
        _lanes.Insert(at, lane);
        return lane;
    }
}
