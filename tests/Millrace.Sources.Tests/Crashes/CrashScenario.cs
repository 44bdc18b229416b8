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

    /// <summary>Keyed and unkeyed jobs of every script.</summary>
    public static NewJob[] Jobs(int count) =>
    [
        .. Enumerable.Range(0, count).Select(n => new NewJob
        {
            Queue = Queue,
            Key = n % 6 == 5 ? null : $"k{n % 6}",
            Body = Encoding.UTF8.GetBytes((n % 8) switch { 0 => "retry", 3 => "snooze", 5 => "dead", _ => "ok" }),
        }),
    ];

    public async Task FillAsync(CancellationToken stop)
    {
        var jobs = Jobs(40);
        await using var store = await OpenAsync();
        var results = await store.EnqueueAsync(jobs, stop);
        Accepted = jobs.Zip(results).ToDictionary(pair => pair.Second.Id, pair => pair.First);
    }

    public Task<Millrace.Sqlite.SqliteStore> OpenAsync() => Store.OpenAsync(options => options.Retention = s_keepAll);

    /// <summary>Starts a child and waits for its end.</summary>
    /// <returns>Its exit code; 137 when it was killed.</returns>
    public async Task<int> RunAsync(CancellationToken stop, string? crashAt = null, int after = 0)
    {
        await using var child = new CrashProcess(Store.Path, EffectsPath, ++_runs, crashAt, after);
        return await child.EndAsync(stop);
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();
}
