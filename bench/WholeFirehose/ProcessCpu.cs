using System.Globalization;

namespace Bench.WholeFirehose;

/// <summary>Processor seconds of a process and of the children it has or had, and its peak memory, from /proc (Linux).</summary>
internal static class ProcessCpu
{
    private static readonly double s_ticks = 100;

    public static double Seconds(int process) => Own(process, withEnded: true) + Children(process).Sum(child => Own(child, withEnded: true));

    /// <summary>Bytes of memory at most until now (VmHWM); 0 when it has ended.</summary>
    public static long PeakMemory(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static IEnumerable<int> Children(int process)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Fields(id) is { } fields && int.Parse(fields[1], CultureInfo.InvariantCulture) == process)
                yield return id;
    }

    private static double Own(int process, bool withEnded)
    {
        if (Fields(process) is not { } fields) return 0;
        // utime, stime, then those of children that ended and were awaited (man 5 proc), counted behind the name.
        return fields[11..(withEnded ? 15 : 13)].Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture)) / s_ticks;
    }

    private static string[]? Fields(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            // Ended in between.
            return null;
        }
    }
}
