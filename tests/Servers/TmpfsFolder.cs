using System.Diagnostics;

namespace Servers;

/// <summary>A folder on a small file system of its own in memory, to fill it up; gone at the end. Give it to a server as its Folder.</summary>
public sealed class TmpfsFolder : IAsyncDisposable
{
    private const int Chunk = 64 * 1024;

    private TmpfsFolder(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Mounts one, or says why this machine does not let us, for a test to skip with.</summary>
    public static async Task<(TmpfsFolder? Folder, string? WhyNot)> TryMountAsync(int megabytes, CancellationToken stop = default)
    {
        if (!OperatingSystem.IsLinux()) return (null, "tmpfs is for Linux.");
        if (!Environment.IsPrivilegedProcess) return (null, "Mounting a tmpfs needs root.");
        var path = Directory.CreateTempSubdirectory("millrace-tmpfs-").FullName;
        var (code, text) = await RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "tmpfs", path], stop);
        if (code == 0) return (new(path), null);
        Directory.Delete(path);
        return (null, $"mount -t tmpfs ended with {code}: {text.Trim()}");
    }

    /// <summary>Takes all the space but <paramref name="leave"/> bytes.</summary>
    public async Task FillAsync(long leave = 0, CancellationToken stop = default)
    {
        await using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        try
        {
            while (true) await file.WriteAsync(new byte[Chunk], stop);
        }
        catch (IOException)
        {
            file.SetLength(Math.Max(0, file.Length - leave));
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        var (code, text) = await RunAsync("umount", [Path], CancellationToken.None);
        if (code != 0) throw new InvalidOperationException($"umount {Path} ended with {code}: {text.Trim()}");
        Directory.Delete(Path);
    }

    private static async Task<(int Code, string Text)> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken stop)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var text = await process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        return (process.ExitCode, text);
    }
}
