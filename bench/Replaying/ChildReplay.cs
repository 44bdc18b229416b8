using System.Diagnostics;
using System.Text.Json;
using Firehose.Relay;
using Servers;

namespace Bench.Replaying;

/// <summary>One replay by the worker in a process of its own, as a user starts it.</summary>
internal static class ChildReplay
{
    public static async Task<Figures> RunAsync(RecordedRelay relay, CancellationToken stopping)
    {
        using var directory = new ScratchDirectory();
        var start = new ProcessStartInfo("dotnet", [BuiltWorker.Path, "run", "--port", "0", "--data", directory.Path])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["RELAY_URL"] = relay.Url.OriginalString;
        start.Environment["LOG_LEVEL"] = "INFO";
        using var child = Process.Start(start)!;
        try
        {
            var address = await AddressAsync(child, stopping);
            _ = child.StandardError.BaseStream.CopyToAsync(Console.OpenStandardError(), stopping);
            _ = child.StandardOutput.BaseStream.CopyToAsync(Stream.Null, stopping);
            using var http = new HttpClient();
            var first = await WhenDoneAsync(http, address, relay.Head, stopping);
            child.Refresh();
            return new(child.PeakWorkingSet64, first - child.StartTime.ToUniversalTime());
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<string> AddressAsync(Process child, CancellationToken stopping)
    {
        while (await child.StandardOutput.ReadLineAsync(stopping) is { } line)
            if (line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at)
                return new Uri(line[at..].Split(' ', ',', ';')[0]).GetLeftPart(UriPartial.Authority);
        throw new InvalidOperationException("The worker ended before it said where its pages are.");
    }

    private static async Task<DateTimeOffset> WhenDoneAsync(HttpClient http, string address, long head, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await timer.WaitForNextTickAsync(stopping))
        {
            using var status = JsonDocument.Parse(await http.GetStringAsync(address + "/api/v1/status", stopping));
            var firehose = status.RootElement.GetProperty("firehose").GetProperty("state");
            if (firehose.GetProperty("cursor") is { ValueKind: JsonValueKind.Number } cursor && cursor.GetInt64() >= head && firehose.GetProperty("backlog").GetInt64() == 0)
                return firehose.GetProperty("firstEventAt").GetDateTimeOffset();
        }

        throw new OperationCanceledException(stopping);
    }

    internal readonly record struct Figures(long PeakMemory, TimeSpan FirstEvent);
}
