using System.Diagnostics.Metrics;
using Millrace.Diagnostics;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>What the store counts, on the engine's meter.</summary>
internal static class StoreMeters
{
    private static readonly Meter s_meter = new(MillraceTelemetry.Name);

    private static readonly Counter<long> s_failures = s_meter.CreateCounter<long>(
        "millrace.store.failures", "{failure}", "Statements and connections that failed, also those that another try made good.");

    public static void Failed(NpgsqlException error) => s_failures.Add(
        1, new("db.system.name", PostgresStore.SystemName), new("error.type", (error as PostgresException)?.SqlState ?? "connection"));
}
