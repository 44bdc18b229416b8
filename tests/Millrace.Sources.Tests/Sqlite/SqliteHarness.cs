using Millrace.Conformance;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Sqlite;

/// <summary>A store over a file of its own for each test.</summary>
public sealed class SqliteHarness : JobStoreHarness
{
    private readonly TempStore _temp = new();
    private SqliteStore? _store;
    private TimeSpan _passed;

    public override JobStore Store => _store!;

    public override HarnessAbilities Abilities => HarnessAbilities.Restart;

    public override bool LeasesByOwner => true;

    public override async ValueTask InitializeAsync() => _store = await OpenAsync();

    public override async ValueTask RestartAsync(CancellationToken stop)
    {
        await _store!.DisposeAsync();
        _store = await OpenAsync();
        await _store.AdvanceAsync(_passed);
    }

    public override async ValueTask AdvanceAsync(TimeSpan by, CancellationToken stop)
    {
        _passed += by;
        await _store!.AdvanceAsync(by);
    }

    public override ValueTask DisposeAsync() => _temp.DisposeAsync();

    private Task<SqliteStore> OpenAsync() => _temp.OpenAsync(options => options.Retention = Retention);
}
