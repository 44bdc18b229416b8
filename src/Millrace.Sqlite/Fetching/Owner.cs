namespace Millrace.Sqlite.Fetching;

/// <summary>One life of a source: the row its claims hang on and the ledger of what it has running. Lost, it is never taken up again; the source starts another.</summary>
/// <param name="Id">Its number in the store.</param>
/// <param name="Ledger">What it has running.</param>
internal sealed record Owner(long Id, RunningLedger Ledger)
{
    /// <summary>Where the ledger of an owner lies.</summary>
    public static string LedgerPath(string database, long id) => $"{database}-running-{id}";
}
