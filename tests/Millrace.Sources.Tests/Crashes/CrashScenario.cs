using System.Diagnostics;
using System.Globalization;
using System.Text;
using Millrace.Sources.Tests.Sqlite;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Crashes;

/// <summary>One database, what was accepted into it, and the child processes that work on it one after another.</summary>
internal sealed class CrashScenario : IAsyncDisposable
{
    public const string Queue = "crash";

    /// <summary>What the child publishes by itself, each under a deduplication id.</summary>
    public const int PublishedByChild = 4;

    private static readonly Retention s_keepAll = new() { MaxAge = TimeSpan.FromDays(1), MaxCount = 10_000 };

    private int _runs;

    public TempStore Store { get; } = new();

    /// <summary>The accepted jobs by id, in order.</summary>
    public IReadOnlyDictionary<string, NewJob> Accepted { get; private set; } = new Dictionary<string, NewJob>();

    public string EffectsPath => Path.Combine(Store.Folder, "effects.log");

    public async Task FillAsync(CancellationToken stop)
    {
        var jobs = Enumerable.Range(0, 40).Select(n => new NewJob
        {
            Queue = Queue,
            Key = n % 6 == 5 ? null : $"k{n % 6}",
            Body = Encoding.UTF8.GetBytes((n % 8) switch { 0 => "retry", 3 => "snooze", 5 => "dead", _ => "ok" }),
        }).ToArray();
        await using var store = await OpenAsync();
        var results = await store.EnqueueAsync(jobs, stop);
        Accepted = jobs.Zip(results).ToDictionary(pair => pair.Second.Id, pair => pair.First);
    }

    public Task<Millrace.Sqlite.SqliteStore> OpenAsync() => Store.OpenAsync(options => options.Retention = s_keepAll);

    /// <summary>Starts a child and waits for its end.</summary>
    /// <returns>Its exit code; 137 when it was killed.</returns>
    public async Task<int> RunAsync(CancellationToken stop, string? crashAt = null, int after = 0)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Millrace.CrashChild.dll"), Store.Path, EffectsPath, $"{++_runs}" },
            RedirectStandardError = true,
        };
        start.Environment.Remove("MILLRACE_CRASH_AT");
        if (crashAt is not null)
        {
            start.Environment["MILLRACE_CRASH_AT"] = crashAt;
            start.Environment["MILLRACE_CRASH_AFTER"] = after.ToString(CultureInfo.InvariantCulture);
        }

        using var child = Process.Start(start)!;
        try
        {
            var said = await child.StandardError.ReadToEndAsync(stop);
            await child.WaitForExitAsync(stop);
            if (child.ExitCode is not 0 and not 137) Assert.Fail($"The child ended with {child.ExitCode}: {said}");
            return child.ExitCode;
        }
        finally
        {
            if (!child.HasExited) child.Kill();
        }
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
