using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Millrace.Sqlite.Writing;
using Millrace.Storage;
using SQLitePCL;

namespace Millrace.Sqlite.Files;

/// <summary>The database file: looked at before SQLite touches it, and opened with the settings the promise needs.</summary>
internal sealed class StoreFile(SqliteStoreOptions options)
{
    private const int HeaderBytes = 16;

    /// <summary>The full path; the options must have been checked.</summary>
    public string Path => field ??= System.IO.Path.GetFullPath(options.Path);

    private string ForReading => new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadOnly }.ToString();

    /// <summary>Makes the directory and refuses what is there but is no database of SQLite.</summary>
    /// <returns>True when a process did not close the file: its write-ahead log holds commits.</returns>
    /// <exception cref="StoreException">DB001, DB002, DB003 or DB007.</exception>
    public bool Prepare()
    {
        try
        {
            var directory = System.IO.Path.GetDirectoryName(Path)!;
            Directory.CreateDirectory(directory);
            if (Directory.Exists(Path)) throw new StoreException("DB001", $"{Path} is a directory: name a file in it.");
            CheckWritable(directory);
            var log = new FileInfo(Path + "-wal");
            var logged = log.Exists && log.Length > 0;
            CheckHeader(logged);
            return logged;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StoreException("DB007", $"{Path} cannot be written: give this process write access to the file and its directory.", error);
        }
        catch (IOException error)
        {
            throw new StoreException("DB001", $"{Path} cannot be opened: {error.Message}", error);
        }
    }

    /// <summary>The writer's connection, its settings in force.</summary>
    public SqliteConnection OpenForWriting()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = Math.Max(1, (int)options.BusyTimeout.TotalSeconds) }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, (int)options.BusyTimeout.TotalMilliseconds);
            SwitchToWriteAhead(connection);
            Read(connection, $"PRAGMA synchronous = {(options.Durable ? "FULL" : "NORMAL")}");
            // Jobs come and go on the same pages: the fewer checkpoints, the less is copied for nothing. 16 MB of log at most times.
            Read(connection, "PRAGMA wal_autocheckpoint = 4000");
            Read(connection, "PRAGMA cache_size = -16384");
            // A statement that stores many rows keeps a journal of its own: not in a file, where there may be no folder for one.
            Read(connection, "PRAGMA temp_store = MEMORY");
            return connection;
        }
        catch (SqliteException error)
        {
            connection.Dispose();
            throw StoreFault.Explain(error, Path);
        }
    }

    /// <summary>Several processes may open a new file at once, and SQLite does not wait for the others' locks when it changes the journal mode.</summary>
    private void SwitchToWriteAhead(SqliteConnection connection)
    {
        using var pause = new ManualResetEventSlim();
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                Read(connection, "PRAGMA journal_mode = WAL");
                return;
            }
            catch (SqliteException busy) when (busy.SqliteErrorCode == raw.SQLITE_BUSY && Stopwatch.GetElapsedTime(started) < options.BusyTimeout)
            {
                pause.Wait(TimeSpan.FromMilliseconds(10));
            }
        }
    }

    /// <summary>A connection from the pool that cannot write; readers never wait for the writer.</summary>
    public SqliteConnection OpenForReading()
    {
        var connection = new SqliteConnection(ForReading);
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, (int)options.BusyTimeout.TotalMilliseconds);
            return connection;
        }
        catch (SqliteException error)
        {
            connection.Dispose();
            throw StoreFault.Explain(error, Path);
        }
    }

    /// <summary>Closes the pooled connections of readers.</summary>
    public void ForgetReaders()
    {
        using var connection = new SqliteConnection(ForReading);
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>Reads the settings back and says which conditions of the promise do not hold.</summary>
    public Durability Check(SqliteConnection connection)
    {
        List<string> findings = [];
        var journal = Read(connection, "PRAGMA journal_mode");
        if (journal != "wal")
            findings.Add($"journal_mode of {Path} is {journal}, it must be wal: use a local disk and a file no other program holds in another mode.");
        var synchronous = Read(connection, "PRAGMA synchronous");
        if (synchronous != "2" && synchronous != "3")
            findings.Add($"synchronous of {Path} is {synchronous}, it must be 2 (FULL): set SqliteStoreOptions.Durable.");
        if (FileSystem() is { } format && IsNetwork(format))
            findings.Add($"{Path} lies on a network file system ({format}): SQLite's locks do not hold there, use a local disk.");
        return new Durability(findings.Count == 0, findings);
    }

    /// <summary>Checks the structure of the file.</summary>
    /// <exception cref="StoreException">DB005: damaged.</exception>
    public void CheckStructure(SqliteConnection connection)
    {
        var found = Read(connection, "PRAGMA quick_check(1)");
        if (found != "ok")
            throw new StoreException("DB005", $"{Path} is damaged ({JobRules.Clip(found)}): stop writing to it, copy it and its -wal file away, and restore a backup.");
    }

    private static string Read(SqliteConnection connection, string pragma)
    {
        // Not by a command: it would wait for a lock in its own way, beyond our time-out.
        using var statement = new Statement(connection.Handle!, pragma);
        return statement.Step() ? statement.Text(0) ?? "" : "";
    }

    /// <summary>An existing file is opened for writing, else a file is made beside it and removed: SQLite needs both for its log.</summary>
    private void CheckWritable(string directory)
    {
        if (File.Exists(Path)) new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete).Dispose();
        var probe = System.IO.Path.Combine(directory, $".millrace-{Guid.NewGuid():N}");
        new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
    }

    /// <summary>An empty file is a new database (a process may have died right after making it), unless its log shows that it held data.</summary>
    private void CheckHeader(bool logged)
    {
        if (!File.Exists(Path) || new FileInfo(Path).Length == 0)
        {
            if (logged && !File.Exists(Path + "-shm"))
                throw new StoreException("DB003", $"{Path} is missing or empty but its -wal file holds data: restore the file that belongs to it, or move the -wal file away.");
            return;
        }

        using var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.SequenceEqual("SQLite format 3\0"u8))
            throw new StoreException("DB002", $"{Path} is not a SQLite database: name another file, or move this one away.");
    }

    private string? FileSystem()
    {
        try
        {
            var drive = DriveInfo.GetDrives().Where(drive => Path.StartsWith(drive.Name, StringComparison.Ordinal)).MaxBy(drive => drive.Name.Length);
            return drive?.DriveFormat;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsNetwork(string format) =>
        format is "nfs" or "nfs4" or "cifs" or "smb" or "smb2" or "smbfs" or "9p" or "sshfs" or "fuse.sshfs" or "afs" or "ceph" or "lustre";
}
