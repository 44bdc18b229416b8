namespace Millrace.Storage.InMemory;

/// <summary>The claims of one source in the order they expire. All live equally long, so a claim or a renewal goes to the end and nothing is sorted.</summary>
internal sealed class LeaseList
{
    private MemoryJob? _last;

    public MemoryJob? First { get; private set; }

    public void Append(MemoryJob job)
    {
        job.PreviousLease = _last;
        if (_last is null) First = job;
        else _last.NextLease = job;
        _last = job;
    }

    public void Remove(MemoryJob job)
    {
        if (job.PreviousLease is null) First = job.NextLease;
        else job.PreviousLease.NextLease = job.NextLease;
        if (job.NextLease is null) _last = job.PreviousLease;
        else job.NextLease.PreviousLease = job.PreviousLease;
        job.PreviousLease = job.NextLease = null;
    }
}
