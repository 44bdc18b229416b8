using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Servers;

namespace Bench.WholeFirehose;

/// <summary>The worker as a user starts it: a process of its own, told what to do by its environment.</summary>
internal sealed class WorkerChild : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _http = new();
    private string _address = "";

    private WorkerChild(Process process) => _process = process;

    public static async Task<WorkerChild> StartAsync(string data, IReadOnlyDictionary<string, string> environment, CancellationToken stopping)
    {
        var start = new ProcessStartInfo("dotnet", [BuiltWorker.Path, "run", "--port", "0", "--data", data])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["LOG_LEVEL"] = "CRITICAL";
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var child = new WorkerChild(Process.Start(start)!);
        child._address = await child.ReadAddressAsync(stopping);
        _ = child._process.StandardError.BaseStream.CopyToAsync(Console.OpenStandardError(), stopping);
        _ = child._process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, stopping);
        return child;
    }

    public double CpuSeconds => ProcessCpu.Seconds(_process.Id);

    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public DateTimeOffset StartedAt => _process.StartTime.ToUniversalTime();

    public async Task<JsonElement> StateAsync(CancellationToken stopping)
    {
        using var status = JsonDocument.Parse(await _http.GetStringAsync($"{_address}/api/v1/status", stopping));
        return status.RootElement.GetProperty("firehose").GetProperty("state").Clone();
    }

    /// <summary>Bounds in seconds and how many observations lie at or below each, from a histogram of /metrics.</summary>
    public async Task<IReadOnlyList<(double Bound, long Count)>> HistogramAsync(string name, CancellationToken stopping)
    {
        var buckets = new SortedDictionary<double, long>();
        foreach (var line in (await _http.GetStringAsync($"{_address}/metrics", stopping)).Split('\n'))
        {
            if (!line.StartsWith($"{name}_bucket{{", StringComparison.Ordinal)) continue;
            var bound = line[(line.IndexOf("le=\"", StringComparison.Ordinal) + 4)..].Split('"')[0];
            var count = long.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
            buckets[bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture)] = count;
        }

        return [.. buckets.Select(bucket => (bucket.Key, bucket.Value))];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private async Task<string> ReadAddressAsync(CancellationToken stopping)
    {
        while (await _process.StandardOutput.ReadLineAsync(stopping) is { } line)
            if (line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal) is >= 0 and var at)
                return new Uri(line[at..].Split(' ', ',', ';')[0]).GetLeftPart(UriPartial.Authority);
        throw new InvalidOperationException($"The worker ended before it said where its pages are: {await _process.StandardError.ReadToEndAsync(stopping)}");
    }
}
