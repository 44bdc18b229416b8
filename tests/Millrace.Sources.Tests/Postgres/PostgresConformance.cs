using Millrace.Conformance.Modelling;
using Millrace.Conformance.Sourcing;
using Millrace.Conformance.Storing;

namespace Millrace.Sources.Tests.Postgres;

public sealed class PostgresSourceConformance : SourceConformance<PostgresFullLaneHarness>;

public sealed class PostgresStoreConformance : JobStoreConformance<PostgresHarness>;

public sealed class PostgresStoreModel : StoreModelConformance<PostgresHarness>
{
    // Two minutes: every operation is a handful of round trips and a flush.
    protected override (int Quick, int Full) Operations => (0, 25_000);

    // Cancelling one that was held behind its key changed its row twice in one statement.
    protected override IReadOnlyList<string> Regressions => ["aRLl8y06Ti34"];
}

public sealed class Postgres18SourceConformance : SourceConformance<Postgres18Harness>;

public sealed class Postgres18StoreConformance : JobStoreConformance<Postgres18Harness>;

public sealed class Postgres18StoreModel : StoreModelConformance<Postgres18Harness>
{
    protected override (int Quick, int Full) Operations => (0, 10_000);
}
