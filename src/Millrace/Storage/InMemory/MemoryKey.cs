namespace Millrace.Storage.InMemory;

/// <summary>Why a key waits. Lives as long as the key has a job that may still run, so that an idle key costs nothing.</summary>
internal sealed class MemoryKey(string name)
{
    public string Name { get; } = name;

    /// <summary>Jobs that may still run, and dead letters that hold the key.</summary>
    public int Live { get; set; }

    public int Parked { get; set; }
    public int Held { get; set; }
    public int Leased { get; private set; }

    /// <summary>Who claims every leased job of the key; null when it is more than one source.</summary>
    public InMemorySource? Owner { get; private set; }

    /// <summary>Ready jobs that were passed over while the key waited; they go back to their places when it no longer does.</summary>
    public List<MemoryJob> Withheld { get; } = [];

    public bool IsBlockedFor(InMemorySource source) => Parked > 0 || Held > 0 || (Leased > 0 && Owner != source);

    public void Claimed(InMemorySource source)
    {
        Owner = Leased == 0 || Owner == source ? source : null;
        Leased++;
    }

    public void Unclaimed()
    {
        if (--Leased == 0) Owner = null;
    }
}
