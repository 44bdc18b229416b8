using Millrace.Storage;

namespace Millrace.Worker.Configuration;

/// <summary>Makes the directory for the databases and tries whether it can be written.</summary>
internal static class DataDirectories
{
    /// <summary>Null when the directory is there, made if need be, and can be written; else why not, in one line.</summary>
    public static string? FaultOf(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            using var probe = new FileStream(Path.Combine(path, $".probe-{Environment.ProcessId}"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return $"DB001 the data directory \"{JobRules.Clip(path)}\" cannot be written ({Logging.VisibleText.OneLine(error.Message, 200)}): name another with --data, or give this process write access.";
        }
    }
}
