namespace Apps.Tests;

/// <summary>Tests that take long run when `MILLRACE_FULL=1`, and are skipped visibly otherwise.</summary>
internal static class FullLane
{
    public static void Require() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("MILLRACE_FULL") == "1", "Part of the full lane: set MILLRACE_FULL=1.");
}
