using Millrace.Hosting;

namespace Millrace.Worker.Hosting;

/// <summary>What the process answers when it ends.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>Something failed that is nobody's configuration.</summary>
    public const int Failure = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>The environment, a file or the port does not fit: see standard error.</summary>
    public const int Configuration = MillraceConfigurationException.ExitCode;
}
