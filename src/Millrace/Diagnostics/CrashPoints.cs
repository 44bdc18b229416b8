using System.Diagnostics;

namespace Millrace.Diagnostics;

/// <summary>
/// Named places between fetch and final state at which a test kills the process. Off unless `MILLRACE_CRASH_AT` is set at start: the field
/// is read-only, so the compiled code of a normal process has no trace of it.
/// </summary>
public static class CrashPoints
{
    /// <summary>Every point, in the order a delivery passes them; a test kills a process at each.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "fetch.claimed", "dispatch.queued", "handle.started", "handle.returned", "settle.batched", "settle.before-write",
        "deadletter.written", "sqlite.before-commit", "sqlite.after-commit", "settle.after-write",
    ];

    private static readonly string? Armed = Environment.GetEnvironmentVariable("MILLRACE_CRASH_AT");
    private static readonly bool On = Armed is not null;
    private static readonly int Skip = int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_CRASH_AFTER"), out var skip) ? skip : 0;
    private static int _reached;

    /// <summary>Kills the process with SIGKILL when <paramref name="name"/> is the armed point and was reached often enough.</summary>
    public static void Reach(string name)
    {
        if (On && name == Armed && Interlocked.Increment(ref _reached) > Skip) Die();
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
        // Never run on: the signal is on its way.
        new ManualResetEventSlim().Wait(CancellationToken.None);
    }
}
