using Microsoft.Data.Sqlite;
using Millrace.Storage;
using SQLitePCL;

namespace Firehose.Storage.Sqlite;

/// <summary>What a failure of the database file means to whoever runs the process.</summary>
internal static class SqliteFault
{
    /// <summary>Whether the file or its surroundings failed, rather than a statement of ours: work can go on by itself once that is over.</summary>
    public static bool IsOfTheFile(SqliteException error) => error.SqliteErrorCode is
        raw.SQLITE_CANTOPEN or raw.SQLITE_NOTADB or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_CORRUPT or raw.SQLITE_FULL
        or raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_IOERR or raw.SQLITE_NOMEM or raw.SQLITE_PROTOCOL;

    /// <summary>The error in the operator's words.</summary>
    public static StoreException Explain(SqliteException error, string path)
    {
        var (code, text) = error.SqliteErrorCode switch
        {
            raw.SQLITE_CANTOPEN => ("DB001", "cannot be opened: its directory must exist and be writable for this process"),
            raw.SQLITE_NOTADB => ("DB002", "is not a SQLite database: name another data directory, or move this file away"),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => ("DB004", "is locked by another process: end its transaction"),
            raw.SQLITE_CORRUPT => ("DB005", "is damaged: copy it and its -wal file away, and restore a backup"),
            raw.SQLITE_FULL => ("DB006", "has no space left on its disk: free some; work goes on by itself"),
            raw.SQLITE_READONLY or raw.SQLITE_PERM => ("DB007", "cannot be written: give this process write access to the file and its directory"),
            _ => ("DB009", "cannot be used"),
        };
        return new StoreException(code, $"{path} {text} (SQLite {error.SqliteExtendedErrorCode}: {error.Message}).", error);
    }
}
