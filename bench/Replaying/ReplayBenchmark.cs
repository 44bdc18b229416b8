using Bench.Measuring;
using Firehose.Relay;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Worker.Configuration;
using Millrace.Worker.Hosting;

namespace Bench.Replaying;

/// <summary>The whole firehose (relay, reader, queue, writer, counters) into SQLite beside a bare loop that inserts the rows it leaves.</summary>
internal sealed class ReplayBenchmark : IBenchmark
{
    private const int Rounds = 3;
    private const int WarmUps = 3;

    public string Name => "firehose";

    public string Summary => "the whole replay into SQLite beside a bare loop that inserts the same rows in equal batches; peak memory and time to the first event of a process of its own";

    public async Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        var recording = RecordedRelay.Load(Path.Combine(AppContext.BaseDirectory, "data", "firehose", "bench.frames.gz"));
        await using var relay = await RecordedRelay.StartAsync(recording, stopping: stopping);
        FinalRows? rows = null;
        // A recording of two seconds is over before the compiler is done with the code it runs; a live process is not.
        for (var warmUp = 0; warmUp < WarmUps; warmUp++) await ReplayAsync(relay, database => rows ??= FinalRows.Read(database));
        var rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : Rounds;
        var result = Contest.Run(rounds,
            ("millrace", () => ReplayAsync(relay, database => rows ??= FinalRows.Read(database)).GetAwaiter().GetResult()),
            ("bare loop", () => rows!.Insert((int)relay.Head)));
        foreach (var (name, measured) in result)
            Console.WriteLine($"{name,-10} {measured.UnitsPerSecond,9:N0} events/s  {measured.CpuMicrosecondsPerUnit,6:F1} us CPU  {measured.BytesPerUnit,7:N0} bytes allocated an event");
        var ok = Verdict.Print("whole replay / bare loop, events/s", result["millrace"].UnitsPerSecond / result["bare loop"].UnitsPerSecond, atLeast: 0.3);

        var runs = new List<ChildReplay.Figures>();
        for (var round = 0; round < Rounds; round++) runs.Add(await ChildReplay.RunAsync(relay, stopping));
        ok &= Verdict.PrintAtMost("peak memory of a process of its own, MB", Median(runs.Select(run => run.PeakMemory / 1e6)), 300);
        ok &= Verdict.PrintAtMost("first event handled after start of the process, s", Median(runs.Select(run => run.FirstEvent.TotalSeconds)), 1);
        return ok ? 0 : 1;
    }

    private static async Task<long> ReplayAsync(RecordedRelay relay, Action<string> inspect)
    {
        using var directory = new ScratchDirectory();
        var settings = WorkerSettings.Read(directory.Path, 0, _ => null) with { LogLevel = LogLevel.Critical };
        settings.Firehose.RelayUrl = relay.Url;
        await using var app = WorkerHost.Build(settings);
        await app.StartAsync();
        var control = app.Services.GetRequiredService<MillraceControl>();
        // Every frame of the recording becomes one event; looking at counters in memory disturbs nobody.
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (control.Status.Workers[0].Settled is var settled && settled.Completed + settled.Dead < relay.Head) await look.WaitForNextTickAsync();
        await app.StopAsync();
        inspect(Path.Combine(directory.Path, Firehose.FirehoseServices.DatabaseName));
        return relay.Head;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
