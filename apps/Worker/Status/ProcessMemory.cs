using System.Diagnostics;

namespace Millrace.Worker.Status;

/// <summary>What this process takes of the machine's memory.</summary>
internal static class ProcessMemory
{
    public static MemorySection Read()
    {
        using var self = Process.GetCurrentProcess();
        return new(self.WorkingSet64, self.PeakWorkingSet64, GC.GetTotalMemory(forceFullCollection: false));
    }
}
