namespace Millrace.Sqlite.Files;

/// <summary>Who this process is, for somebody who looks at the file.</summary>
internal static class ProcessName
{
    public static string Current { get; } = $"{Environment.MachineName}/{Environment.ProcessId}";
}
