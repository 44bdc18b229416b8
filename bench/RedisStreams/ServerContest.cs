using System.Diagnostics;
using System.Globalization;
using Servers;

namespace Bench.RedisStreams;

/// <summary>Runs contenders in turns and takes medians of what each needs: time, processor time of ours and of the server. What is prepared for them does not count.</summary>
internal sealed class ServerContest(RedisServer server, int units)
{
    private readonly Dictionary<string, List<Sample>> _samples = new(StringComparer.Ordinal);

    public async Task RunAsync(int rounds, params IReadOnlyList<Contender> contenders)
    {
        for (var round = 0; round <= rounds; round++)
            foreach (var contender in contenders)
            {
                var prepared = contender.Prepare();
                var sample = await MeasureAsync(() => contender.RunAsync(prepared));
                // The first round warms up.
                if (round == 0) _samples[contender.Name] = [];
                else _samples[contender.Name].Add(sample);
            }
    }

    /// <summary>How many times as fast <paramref name="name"/> is.</summary>
    public double Ratio(string name, string than) => Median(than, sample => sample.Seconds) / Median(name, sample => sample.Seconds);

    public void Print()
    {
        foreach (var name in _samples.Keys)
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-12} {units / Median(name, sample => sample.Seconds),10:N0}/s; CPU for one: {Median(name, sample => sample.Ours) * 1e6 / units:0.00} us here, {Median(name, sample => sample.Server) * 1e6 / units:0.00} us in the server"));
    }

    private double Median(string name, Func<Sample, double> figure)
    {
        var sorted = _samples[name].Select(figure).Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private async Task<Sample> MeasureAsync(Func<Task> work)
    {
        GC.Collect();
        var (server, ours, started) = (await ServerSecondsAsync(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await work();
        var elapsed = Stopwatch.GetElapsedTime(started);
        return new(elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - ours).TotalSeconds, await ServerSecondsAsync() - server);
    }

    private async Task<double> ServerSecondsAsync() => await SecondsAsync("used_cpu_user") + await SecondsAsync("used_cpu_sys");

    private async Task<double> SecondsAsync(string field) => double.Parse((await server.InfoAsync(field))!, CultureInfo.InvariantCulture);

    private readonly record struct Sample(double Seconds, double Ours, double Server);
}

/// <summary>One way to do the work.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Prepare">Lays the work out and names it.</param>
/// <param name="RunAsync">Does it.</param>
internal sealed record Contender(string Name, Func<string> Prepare, Func<string, Task> RunAsync);
