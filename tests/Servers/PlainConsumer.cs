using System.Diagnostics;

namespace Servers;

/// <summary>A consumer of the firehose's stream in Python as a child: `tests/PlainConsumer`, what a team ran before, or `bench/PlainConsumer`. It has no port.</summary>
/// <param name="folder">The folder of its consumer.py, below the repository's root.</param>
/// <param name="environment">Its variables, as REDIS_URL and DATABASE_URL.</param>
/// <param name="arguments">Its arguments.</param>
public sealed class PlainConsumer(string folder, IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments) : ServerProcess
{
    private const string Root = "Millrace.slnx";

    protected override ProcessStartInfo Describe()
    {
        var program = Python.Find() ?? throw new InvalidOperationException(Python.Missing);
        var start = new ProcessStartInfo(program, ["-B", Path.Combine(FindRoot(), folder, "consumer.py"), .. arguments]) { WorkingDirectory = Folder };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return start;
    }

    /// <summary>It says so when it is about to read.</summary>
    protected override Task<bool> AnswersAsync(CancellationToken stop) => Task.FromResult(Output.Contains("consuming ", StringComparison.Ordinal));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, Root))) return at.FullName;
        throw new InvalidOperationException($"No {Root} above {AppContext.BaseDirectory}: the consumers are run from the source tree.");
    }
}
