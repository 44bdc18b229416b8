namespace Servers;

/// <summary>The worker as it was built, compiled ahead of time: what `dotnet run` starts.</summary>
public static class BuiltWorker
{
    /// <summary>The program, to be run by `dotnet`.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(
        System.IO.Path.Combine(AppContext.BaseDirectory, "..", "..", "Worker", new DirectoryInfo(AppContext.BaseDirectory).Name, "millrace-worker.dll"));
}
