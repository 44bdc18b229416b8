using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>What the server must be and how it must be set for the promise to hold.</summary>
internal sealed record ServerCheck(int VersionNumber, string Version, bool Standby, bool ReadOnly, string Encoding, string Fsync, string FullPageWrites, string SynchronousCommit)
{
    private const int Oldest = 12;

    public static async Task<ServerCheck> ReadAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        await rows.ReadAsync(stopping);
        return new(
            rows.GetInt32(0), rows.GetString(1), rows.GetBoolean(2), rows.GetString(3) == "on", rows.GetString(4), rows.GetString(5), rows.GetString(6), rows.GetString(7));
    }

    /// <summary>Refuses what cannot work at all.</summary>
    /// <returns>Which conditions of the promise do not hold.</returns>
    /// <exception cref="StoreException">DEP001: too old. DB007: cannot be written. DB002: cannot hold every text.</exception>
    public Durability Judge(string place)
    {
        if (VersionNumber < Oldest * 10_000) throw new StoreException("DEP001", $"{place} is PostgreSQL {Version}: it must be {Oldest} or newer.");
        if (Standby) throw new StoreException("DB007", $"{place} is a standby, which is read-only: connect to the primary (target_session_attrs=read-write).");
        if (ReadOnly) throw new StoreException("DB007", $"{place} is read-only (default_transaction_read_only): set it off for this user and database.");
        if (Encoding != "UTF8") throw new StoreException("DB002", $"{place} is encoded in {Encoding}, it must be UTF8: create the database with ENCODING 'UTF8'.");
        List<string> findings = [];
        if (Fsync != "on") findings.Add($"fsync of {place} is {Fsync}, it must be on: a crash of its machine can destroy everything.");
        if (FullPageWrites != "on") findings.Add($"full_page_writes of {place} is {FullPageWrites}, it must be on: a crash of its machine can damage pages.");
        if (SynchronousCommit == "off") findings.Add($"synchronous_commit of {place} is off, it must be on: a crash of the server loses the last commits.");
        return new Durability(findings.Count == 0, findings);
    }
}
