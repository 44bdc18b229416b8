namespace Millrace.Retries;

/// <summary>Holds retries down to a share of first attempts: each first attempt earns a part of a retry, each retry spends one.</summary>
internal sealed class RetryBudget(double ratio, int reserve)
{
    private const double Unit = 1000;

    private readonly long _earn = (long)(ratio * Unit);
    private readonly long _cap = (long)(reserve * Unit);
    private long _balance = (long)(reserve * Unit);

    /// <summary>Notes a first attempt.</summary>
    public void Earn()
    {
        if (Volatile.Read(ref _balance) < _cap) Interlocked.Add(ref _balance, _earn);
    }

    /// <summary>Spends one retry; false when there is none left.</summary>
    public bool TrySpend()
    {
        if (Volatile.Read(ref _balance) < Unit) return false;
        Interlocked.Add(ref _balance, -(long)Unit);
        return true;
    }
}
