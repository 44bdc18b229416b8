using System.Diagnostics;

namespace Bench.WholeFirehose;

/// <summary>The plain asyncio consumer (bench/PlainConsumer), which drains the stream and ends.</summary>
internal static class PlainChild
{
    public static Process Start(IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("MILLRACE_PYTHON") ?? "/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "PlainConsumer", "consumer.py"), "--drain"]);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
