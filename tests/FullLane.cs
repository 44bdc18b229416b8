using System.Runtime.CompilerServices;

/// <summary>What takes long, or asks again on a server what a file already answered, runs when `MILLRACE_FULL=1`; the quick lane skips it visibly.</summary>
internal static class FullLane
{
    public const string Reason = "Part of the full lane: set MILLRACE_FULL=1.";

    public static bool Runs { get; } = Environment.GetEnvironmentVariable("MILLRACE_FULL") == "1";
}

/// <summary>A fact of the full lane.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullLaneFactAttribute : FactAttribute
{
    public FullLaneFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = FullLane.Reason;
        SkipType = typeof(FullLane);
        SkipUnless = nameof(FullLane.Runs);
    }
}

/// <summary>A theory of the full lane.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullLaneTheoryAttribute : TheoryAttribute
{
    public FullLaneTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = FullLane.Reason;
        SkipType = typeof(FullLane);
        SkipUnless = nameof(FullLane.Runs);
    }
}
