namespace Millrace.Postgres.Texts;

/// <summary>Who this process is, for somebody who looks at the table of owners.</summary>
internal static class ProcessName
{
    public static string Current { get; } = $"{Environment.MachineName}/{Environment.ProcessId}";
}
