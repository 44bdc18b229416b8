using System.ComponentModel;
using System.Diagnostics;

namespace Servers;

/// <summary>The Python that has the modules of the plain consumers: the one in MILLRACE_PYTHON, else the system's.</summary>
public static class Python
{
    /// <summary>What a test that skips says.</summary>
    public const string Missing = "No Python with the modules redis.asyncio, asyncpg and cbor2, neither in MILLRACE_PYTHON nor as /usr/bin/python3: run tests/Servers/install.sh.";

    private static readonly Lazy<string?> s_program = new(() =>
        new[] { Environment.GetEnvironmentVariable("MILLRACE_PYTHON"), "/usr/bin/python3" }.FirstOrDefault(HasModules));

    /// <summary>Its path, or null.</summary>
    public static string? Find() => s_program.Value;

    private static bool HasModules(string? program)
    {
        if (string.IsNullOrEmpty(program)) return false;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["-c", "import redis.asyncio, asyncpg, cbor2"]) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
