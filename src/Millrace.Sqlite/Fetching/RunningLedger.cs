using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Millrace.Sqlite.Fetching;

/// <summary>
/// Which deliveries have a handler running now, in a memory-mapped file beside the database: it survives the process without a
/// single system call on the way. Whoever rescues a dead owner reads it and counts a crash for these and for no others.
/// </summary>
internal sealed class RunningLedger : IDisposable
{
    /// <summary>How many can be noted at once; beyond it a delivery runs unnoted and its crash is not counted.</summary>
    private const int Cells = 1 << 14;

    private readonly long[] _taken = new long[Cells];
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _cells;
    private volatile bool _disposed;

    public RunningLedger(string path)
    {
        _path = path;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, mapName: null, Cells * sizeof(long));
        _cells = _file.CreateViewAccessor();
    }

    public void Mark(long number)
    {
        if (_disposed) return;
        // Ids follow each other, so the first cell tried is almost always free.
        for (var i = 0; i < Cells; i++)
        {
            var cell = (int)((number + i) & (Cells - 1));
            var there = Interlocked.CompareExchange(ref _taken[cell], number, 0);
            if (there == 0) Write(cell, number);
            // Noted before: a second note would outlive the one time it is cleared.
            if (there == 0 || there == number) return;
        }
    }

    public void Clear(long number)
    {
        if (_disposed) return;
        for (var i = 0; i < Cells; i++)
        {
            var cell = (int)((number + i) & (Cells - 1));
            if (Volatile.Read(ref _taken[cell]) != number) continue;
            Write(cell, 0);
            Volatile.Write(ref _taken[cell], 0);
            return;
        }
    }

    private void Write(int cell, long number)
    {
        try
        {
            _cells.Write(cell * sizeof(long), number);
        }
        catch (ObjectDisposedException)
        {
            // Closed in between: the owner is no more, and with it what this note was for.
        }
    }

    /// <summary>Lets go of the file; <paramref name="delete"/> when nobody will come to read it.</summary>
    public void Close(bool delete)
    {
        Dispose();
        if (delete) Delete(_path);
    }

    public void Dispose()
    {
        _disposed = true;
        _cells.Dispose();
        _file.Dispose();
    }

    /// <summary>What the dead owner had running; empty when its file is gone.</summary>
    public static IReadOnlySet<long> Read(string path)
    {
        try
        {
            var numbers = MemoryMarshal.Cast<byte, long>(File.ReadAllBytes(path)).ToArray();
            return numbers.Where(number => number != 0).ToHashSet();
        }
        catch (IOException)
        {
            return new HashSet<long>();
        }
        catch (UnauthorizedAccessException)
        {
            return new HashSet<long>();
        }
    }

    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The next process that opens the store sweeps it away.
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
