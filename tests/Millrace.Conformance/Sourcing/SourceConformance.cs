
namespace Millrace.Conformance.Sourcing;

/// <summary>What every source must do. A backend derives one empty class from it and supplies the harness.</summary>
public abstract partial class SourceConformance<THarness> : IAsyncLifetime
    where THarness : SourceHarness, new()
{
    protected THarness Harness { get; } = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => Harness.InitializeAsync();

    public ValueTask DisposeAsync() => Harness.DisposeAsync();
}
