using System.Diagnostics;

namespace Bench.Measuring;

/// <summary>What one run took, or the medians of several.</summary>
/// <param name="Wall">Elapsed time.</param>
/// <param name="Cpu">Processor time of the whole process, collector included.</param>
/// <param name="AllocatedBytes">Managed memory allocated on all threads.</param>
/// <param name="Units">How much was processed.</param>
internal sealed record Measurement(TimeSpan Wall, TimeSpan Cpu, long AllocatedBytes, long Units)
{
    public double WallMicrosecondsPerUnit => Wall.TotalMicroseconds / Units;

    public double CpuMicrosecondsPerUnit => Cpu.TotalMicroseconds / Units;

    public double BytesPerUnit => (double)AllocatedBytes / Units;

    public double UnitsPerSecond => Units / Wall.TotalSeconds;

    /// <summary>Measures one run, from a collected heap.</summary>
    public static Measurement Of(Func<long> work)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var (allocated, cpu, started) = (GC.GetTotalAllocatedBytes(precise: true), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        var units = work();
        var wall = Stopwatch.GetElapsedTime(started);
        return new Measurement(wall, Environment.CpuUsage.TotalTime - cpu, GC.GetTotalAllocatedBytes(precise: true) - allocated, units);
    }

    /// <summary>The median of each figure by itself.</summary>
    public static Measurement MedianOf(IReadOnlyList<Measurement> runs) => new(
        TimeSpan.FromTicks(Median(runs.Select(run => run.Wall.Ticks))),
        TimeSpan.FromTicks(Median(runs.Select(run => run.Cpu.Ticks))),
        Median(runs.Select(run => run.AllocatedBytes)),
        Median(runs.Select(run => run.Units)));

    private static long Median(IEnumerable<long> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
