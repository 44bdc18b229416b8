using Millrace.Conformance;
using Millrace.Postgres;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>A store over a schema of its own for each test.</summary>
public class PostgresHarness : JobStoreHarness
{
    private readonly List<PostgresSource> _sources = [];
    private TempSchema? _temp;
    private PostgresStore? _store;

    public override JobStore Store => _store!;

    public override HarnessAbilities Abilities => HarnessAbilities.Restart | HarnessAbilities.Cut;

    public override bool LeasesByOwner => true;

    /// <summary>The folder of the server's programs; null for Debian's.</summary>
    protected virtual string? Binaries => null;

    public override async ValueTask InitializeAsync()
    {
        _temp = new TempSchema(await PostgresServers.GetAsync(Binaries));
        _store = await OpenAsync();
        await _temp.StopClockAsync();
    }

    public override Source Open(SourceOptions options)
    {
        var source = (PostgresSource)Store.OpenSource(options);
        lock (_sources) _sources.Add(source);
        return source;
    }

    public override async ValueTask RestartAsync(CancellationToken stop)
    {
        await _store!.DisposeAsync();
        _store = await OpenAsync();
    }

    public override async ValueTask AdvanceAsync(TimeSpan by, CancellationToken stop)
    {
        // What was marked as running is written within moments, and moments pass here in no time.
        PostgresSource[] sources;
        lock (_sources) sources = [.. _sources];
        foreach (var source in sources) await source.NotedAsync();
        await _temp!.AdvanceAsync(by);
    }

    public override async ValueTask CutAsync(CancellationToken stop) => await _temp!.CutAsync();

    public override async ValueTask DisposeAsync()
    {
        if (_temp is not null) await _temp.DisposeAsync();
    }

    private Task<PostgresStore> OpenAsync() => _temp!.OpenAsync(options => options.Retention = Retention);
}

/// <summary>The same for what sources are asked on other servers, too, by the quick lane.</summary>
public sealed class PostgresFullLaneHarness : PostgresHarness
{
    public override ValueTask InitializeAsync()
    {
        Assert.SkipUnless(FullLane.Runs, FullLane.Reason);
        return base.InitializeAsync();
    }
}

/// <summary>The same on PostgreSQL 18.</summary>
public sealed class Postgres18Harness : PostgresHarness
{
    protected override string? Binaries => PostgresServers.Binaries18();
}
