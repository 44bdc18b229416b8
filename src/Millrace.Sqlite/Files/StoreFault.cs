using Microsoft.Data.Sqlite;
using Millrace.Storage;
using SQLitePCL;

namespace Millrace.Sqlite.Files;

/// <summary>What a failure of the file means to whoever runs the process.</summary>
internal static class StoreFault
{
    /// <summary>Whether the file or its surroundings failed, rather than the statement somebody asked for.</summary>
    public static bool IsOfTheFile(SqliteException error) => error.SqliteErrorCode is
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL or raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH
        or raw.SQLITE_CANTOPEN or raw.SQLITE_IOERR or raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_NOMEM
        or raw.SQLITE_PROTOCOL or raw.SQLITE_SCHEMA or raw.SQLITE_MISUSE or raw.SQLITE_INTERRUPT or raw.SQLITE_NOLFS;

    public static StoreException Explain(SqliteException error, string path)
    {
        var (code, text) = error.SqliteErrorCode switch
        {
            raw.SQLITE_NOTADB => ("DB002", $"{path} is not a SQLite database: name another file, or move this one away."),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_PROTOCOL =>
                ("DB004", $"{path} is locked by another process: end its transaction, or allow a longer BusyTimeout."),
            raw.SQLITE_CORRUPT => ("DB005", $"{path} is damaged: stop writing to it, copy it and its -wal file away, and restore a backup."),
            raw.SQLITE_FULL => ("DB006", $"no space left for {path}: free space on its disk; nothing accepted is lost, and work goes on by itself."),
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH =>
                ("DB007", $"{path} cannot be written: give this process write access to the file and its directory."),
            raw.SQLITE_CANTOPEN => ("DB001", $"{path} cannot be opened: its directory must exist and be writable for this process."),
            raw.SQLITE_IOERR => ("DB008", $"the disk failed under {path}: check the system log; nothing was reported as stored that was not."),
            _ => ("DB009", $"{path} cannot be used."),
        };
        return new StoreException(code, $"{text} (SQLite {error.SqliteExtendedErrorCode}: {error.Message})", error);
    }
}
