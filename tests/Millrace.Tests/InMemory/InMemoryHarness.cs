using Microsoft.Extensions.Time.Testing;
using Millrace.Conformance;
using Millrace.Storage;
using Millrace.Storage.InMemory;

namespace Millrace.Tests.InMemory;

public sealed class InMemoryHarness : JobStoreHarness
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly InMemoryStore _store;

    public InMemoryHarness() => _store = new InMemoryStore(_time, Retention);

    public override JobStore Store => _store;

    public override async ValueTask InitializeAsync() => await _store.OpenAsync(CancellationToken.None);

    public override ValueTask DisposeAsync() => _store.DisposeAsync();

    public override ValueTask AdvanceAsync(TimeSpan by, CancellationToken stop)
    {
        _time.Advance(by);
        return ValueTask.CompletedTask;
    }
}
