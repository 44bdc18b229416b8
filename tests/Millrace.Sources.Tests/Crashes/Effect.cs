using System.Globalization;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>One call of a handler in a child process, at a time by the machine's monotonic clock, which all processes share.</summary>
internal sealed record Effect(int Run, int Attempt, int Crashes, string Id, string Key, long At)
{
    /// <summary>Every whole line of all files in order of time; a process that is killed leaves no half ones, for a line is one write.</summary>
    public static IReadOnlyList<Effect> Read(params IEnumerable<string> paths) => [.. paths.SelectMany(File.ReadLines).Select(Parse).OrderBy(effect => effect.At)];

    private static Effect Parse(string line) =>
        line.Split(' ') is [var run, var attempt, var crashes, var id, var key, var at] ? new(Number(run), Number(attempt), Number(crashes), id, key, long.Parse(at, CultureInfo.InvariantCulture))
            : throw new InvalidDataException($"Not an effect: {line}");

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
