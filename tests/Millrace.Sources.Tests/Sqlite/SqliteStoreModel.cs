using Millrace.Conformance.Modelling;

namespace Millrace.Sources.Tests.Sqlite;

public sealed class SqliteStoreModel : StoreModelConformance<SqliteHarness>
{
    // A delivery noted twice as running and once as done counted as crashed.
    protected override IReadOnlyList<string> Regressions => ["4uKOHFiW_P7g"];
}
