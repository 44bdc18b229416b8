namespace Millrace.Conformance;

/// <summary>What a harness can do to its backend beyond the ordinary; tests that need more than it has are skipped with the reason.</summary>
[Flags]
public enum HarnessAbilities
{
    None = 0,

    /// <summary>Closes the backend and opens it again over the same data.</summary>
    Restart = 1,

    /// <summary>Breaks the open connections of every source, which must recover by themselves.</summary>
    Cut = 1 << 1,
}
