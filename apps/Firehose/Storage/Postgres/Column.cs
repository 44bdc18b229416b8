using Npgsql;
using NpgsqlTypes;

namespace Firehose.Storage.Postgres;

/// <summary>One column of many rows as an array, which a statement unnests: however many rows, it is one statement.</summary>
internal static class Column
{
    // 0001-01-01T00:00:00Z, which programs declare that know no better, would be read as minus infinity.
    private static readonly DateTime Earliest = DateTime.SpecifyKind(DateTime.MinValue.AddTicks(TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);

    public static NpgsqlParameter Text<T>(IReadOnlyList<T> rows, Func<T, string?> value) => Of(rows, value, NpgsqlDbType.Text);

    public static NpgsqlParameter Int<T>(IReadOnlyList<T> rows, Func<T, int> value) => Of(rows, value, NpgsqlDbType.Integer);

    public static NpgsqlParameter Long<T>(IReadOnlyList<T> rows, Func<T, long> value) => Of(rows, value, NpgsqlDbType.Bigint);

    public static NpgsqlParameter Version<T>(IReadOnlyList<T> rows, Func<T, uint> value) => Of(rows, value, NpgsqlDbType.Xid);

    public static NpgsqlParameter Bool<T>(IReadOnlyList<T> rows, Func<T, bool> value) => Of(rows, value, NpgsqlDbType.Boolean);

    public static NpgsqlParameter Time<T>(IReadOnlyList<T> rows, Func<T, DateTimeOffset> value) => Of(rows, row => ToUtc(value(row)), NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter TimeOrNull<T>(IReadOnlyList<T> rows, Func<T, DateTimeOffset?> value) =>
        Of(rows, row => value(row) is { } time ? ToUtc(time) : default(DateTime?), NpgsqlDbType.TimestampTz);

    /// <summary>A text for all rows.</summary>
    public static NpgsqlParameter One(string value) => new NpgsqlParameter<string> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>A number for all rows.</summary>
    public static NpgsqlParameter One(long value) => new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };

    /// <summary>A time for all rows.</summary>
    public static NpgsqlParameter One(DateTimeOffset value) => new NpgsqlParameter<DateTime> { TypedValue = ToUtc(value), NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static NpgsqlParameter<TValue[]> Of<TRow, TValue>(IReadOnlyList<TRow> rows, Func<TRow, TValue> value, NpgsqlDbType type)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(rows[i]);
        return new() { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }

    private static DateTime ToUtc(DateTimeOffset time) => time.UtcDateTime < Earliest ? Earliest : time.UtcDateTime;
}
