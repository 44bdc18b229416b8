using System.Globalization;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>One call of a handler in a child process.</summary>
internal sealed record Effect(int Run, int Attempt, int Crashes, string Id, string Key)
{
    /// <summary>Every whole line; a process that is killed leaves no half ones, for a line is one write.</summary>
    public static IReadOnlyList<Effect> Read(string path) => [.. File.ReadLines(path).Select(line => line.Split(' ')).Select(part => new Effect(Number(part[0]), Number(part[1]), Number(part[2]), part[3], part[4]))];

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
