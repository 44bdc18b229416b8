using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Inspecting;

/// <summary>A filter of dead letters as the first eight values of a statement.</summary>
internal static class FilterValues
{
    public static NpgsqlParameter[] Of(DeadLetterFilter filter, int? limit, params ReadOnlySpan<NpgsqlParameter> more) =>
    [
        Value.Of(filter.Queue), Value.Of(filter.Tenant), Value.Of(filter.Key), Value.Of(filter.ReasonContains),
        Value.Of(filter.DiedFrom), Value.Of(filter.DiedBefore), Value.Of(JobId.Numbers(filter.Ids)), Value.Of((long?)limit), .. more,
    ];
}
