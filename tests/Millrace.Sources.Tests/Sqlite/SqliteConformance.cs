using Millrace.Conformance.Sourcing;
using Millrace.Conformance.Storing;

namespace Millrace.Sources.Tests.Sqlite;

public sealed class SqliteSourceConformance : SourceConformance<SqliteHarness>;

public sealed class SqliteStoreConformance : JobStoreConformance<SqliteHarness>;
