using System.ComponentModel;
using System.Diagnostics;

namespace Servers;

/// <summary>The second server with Redis's protocol that tests run on, from the folder in VALKEY_HOME.</summary>
public static class Valkey
{
    /// <summary>What a test that skips says.</summary>
    public const string Missing = "VALKEY_HOME is not set: it names the folder of valkey-server.";

    private static readonly Lazy<string?> s_binary = new(Locate);

    /// <summary>The program's path, or null when VALKEY_HOME is not set.</summary>
    public static string? Find() => s_binary.Value;

    private static string? Locate()
    {
        var folder = Environment.GetEnvironmentVariable("VALKEY_HOME");
        if (string.IsNullOrEmpty(folder)) return null;
        var binary = Path.GetFullPath(Path.Combine(folder, "valkey-server"));
        if (!File.Exists(binary)) throw new InvalidOperationException($"VALKEY_HOME names \"{folder}\", where no valkey-server is.");
        return Runs(binary) ? binary : Copy(binary);
    }

    private static bool Runs(string binary)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(binary, ["--version"]) { RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Storage may hold it without the right to run it; a copy of ours can have it.</summary>
    private static string Copy(string binary)
    {
        var folder = Directory.CreateTempSubdirectory("millrace-valkey-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var copy = Path.Combine(folder, Path.GetFileName(binary));
        File.Copy(binary, copy);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        return Runs(copy) ? copy : throw new InvalidOperationException($"{binary} does not run on this machine, nor does a copy of it.");
    }
}
