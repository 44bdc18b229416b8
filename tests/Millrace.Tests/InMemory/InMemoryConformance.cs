using Millrace.Conformance.Modelling;
using Millrace.Conformance.Sourcing;
using Millrace.Conformance.Storing;

namespace Millrace.Tests.InMemory;

public sealed class InMemorySourceConformance : SourceConformance<InMemoryHarness>;

public sealed class InMemoryJobStoreConformance : JobStoreConformance<InMemoryHarness>;

public sealed class InMemoryStoreModel : StoreModelConformance<InMemoryHarness>
{
    // A key's job that was withheld from another owner fell behind a newer one of the same key.
    protected override IReadOnlyList<string> Regressions => ["7MCTBCKbtHI1"];
}
