using Microsoft.Data.Sqlite;

namespace Millrace.Sqlite.Fetching;

/// <summary>Removes the ledgers of owners that are no more: a process may die between taking back the claims and deleting the file.</summary>
internal static class LedgerSweep
{
    public static void Run(SqliteConnection connection, string path)
    {
        var found = Directory.GetFiles(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}-running-*");
        if (found.Length == 0) return;
        // Owners begin under the write lock, ledger first: whoever holds the lock sees either both or none.
        using var transaction = connection.BeginTransaction(deferred: false);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM owners";
        command.Transaction = transaction;
        HashSet<string> living = new(StringComparer.Ordinal);
        using (var reader = command.ExecuteReader())
            while (reader.Read()) living.Add(Owner.LedgerPath(path, reader.GetInt64(0)));
        foreach (var file in found)
            if (!living.Contains(file)) RunningLedger.Delete(file);
    }
}
