using System.Diagnostics;
using System.Globalization;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>One worker process on a database, killed at the latest when this is disposed.</summary>
internal sealed class CrashProcess : IAsyncDisposable
{
    private const int Killed = 137;

    private readonly Process _process;
    private readonly Task<string> _said;

    /// <param name="database">A file, or redis://….</param>
    /// <param name="effects">The file it notes its handlers' calls in.</param>
    /// <param name="run">Its number.</param>
    /// <param name="crashAt">The point at which it kills itself, or null.</param>
    /// <param name="after">How often it passes there before.</param>
    public CrashProcess(string database, string effects, int run, string? crashAt = null, int after = 0)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Millrace.CrashChild.dll"), database, effects, $"{run}" },
            RedirectStandardError = true,
        };
        start.Environment.Remove("MILLRACE_CRASH_AT");
        if (crashAt is not null)
        {
            start.Environment["MILLRACE_CRASH_AT"] = crashAt;
            start.Environment["MILLRACE_CRASH_AFTER"] = after.ToString(CultureInfo.InvariantCulture);
        }

        _process = Process.Start(start)!;
        _said = _process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code; 137 when it was killed.</returns>
    public async Task<int> EndAsync(CancellationToken stop)
    {
        await _process.WaitForExitAsync(stop);
        if (_process.ExitCode is not 0 and not Killed) Assert.Fail($"The child ended with {_process.ExitCode}: {await _said}");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        await _said;
        _process.Dispose();
    }
}
