namespace Millrace.Hosting;

/// <summary>The process cannot start as configured; every fault at once. Exit code 78 (EX_CONFIG of sysexits.h) is meant for it.</summary>
public sealed class MillraceConfigurationException : Exception
{
    /// <summary>The exit code that says "configuration".</summary>
    public const int ExitCode = 78;

    /// <summary>Makes the error of its faults, each one line.</summary>
    public MillraceConfigurationException(IReadOnlyList<string> faults)
        : base(string.Join(Environment.NewLine, faults)) => Faults = faults;

    /// <summary>Each fault in one line: code, what, got, allowed.</summary>
    public IReadOnlyList<string> Faults { get; }
}
