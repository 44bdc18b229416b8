using Millrace.Postgres.Texts;
using Npgsql;
using NpgsqlTypes;

namespace Millrace.Postgres.Connecting;

/// <summary>Values of statements, by position and with their type told: null has none of its own. Texts are written as <see cref="AnyText"/> says.</summary>
internal static class Value
{
    /// <summary>More than anybody plans for, and far from where PostgreSQL's arithmetic ends.</summary>
    private static readonly TimeSpan LongestSpan = TimeSpan.FromDays(36_600);

    public static NpgsqlParameter Of(string? value) => Of(AnyText.Write(value), NpgsqlDbType.Text);

    public static NpgsqlParameter Of(long? value) => Of(value, NpgsqlDbType.Bigint);

    public static NpgsqlParameter Of(int value) => Of(value, NpgsqlDbType.Integer);

    public static NpgsqlParameter Of(bool value) => Of(value, NpgsqlDbType.Boolean);

    public static NpgsqlParameter Of(DateTimeOffset? value) => Of(value?.UtcDateTime, NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter Of(TimeSpan value) => Of(Microseconds(value), NpgsqlDbType.Bigint);

    public static NpgsqlParameter Of(string?[] values) => Of(Array.ConvertAll(values, AnyText.Write), NpgsqlDbType.Array | NpgsqlDbType.Text);

    public static NpgsqlParameter Of(long[]? values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public static NpgsqlParameter Of(short[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Smallint);

    public static NpgsqlParameter Of(DateTime?[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter Of(ReadOnlyMemory<byte>[] values) => Of(values, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    /// <summary>In PostgreSQL's unit, rounded up: nothing is due too early.</summary>
    public static long Microseconds(TimeSpan span) =>
        span <= TimeSpan.Zero ? 0 : (long)Math.Ceiling((span < LongestSpan ? span : LongestSpan).TotalMicroseconds);

    private static NpgsqlParameter Of(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
