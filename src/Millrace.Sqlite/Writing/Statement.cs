using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Millrace.Sqlite.Writing;

/// <summary>
/// One prepared statement of the writer, bound and read by position. The provider's commands look parameters up by name and box
/// their values, which costs more than SQLite itself takes for a small row; the hot path cannot afford that (bench: sqlite).
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly Parameter[] _parameters;

    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement), database);
        _parameters = new Parameter[raw.sqlite3_bind_parameter_count(_statement) + 1];
    }

    public Statement Bind(int index, long value)
    {
        if (_parameters[index] == new Parameter(Bound.Number, value)) return this;
        _parameters[index] = new(Bound.Number, value);
        return Check(raw.sqlite3_bind_int64(_statement, index, value));
    }

    public Statement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement Bind(int index, string? value)
    {
        if (value is null) return BindNull(index);
        if (value.Length > 128) return BindBytes(index, raw.sqlite3_bind_text(_statement, index, Encoding.UTF8.GetBytes(value).AsSpan()));
        Span<byte> bytes = stackalloc byte[384];
        return BindBytes(index, raw.sqlite3_bind_text(_statement, index, bytes[..Encoding.UTF8.GetBytes(value, bytes)]));
    }

    /// <summary>Binds a blob; an empty one stays a blob and does not become NULL.</summary>
    public Statement Bind(int index, ReadOnlySpan<byte> value) => BindBytes(index, value.IsEmpty
        ? raw.sqlite3_bind_zeroblob(_statement, index, 0)
        : raw.sqlite3_bind_blob(_statement, index, value));

    public Statement Bind(int index, byte[]? value) => value is null ? BindNull(index) : Bind(index, value.AsSpan());

    /// <summary>Moves to the next row; false when there is none, and the statement is then ready to be bound again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        // The reset repeats the error of the step, so it is read before.
        try
        {
            if (code != raw.SQLITE_DONE) SqliteException.ThrowExceptionForRC(code, _database);
        }
        finally
        {
            Reset();
        }

        return false;
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        if (Step()) Reset();
        return raw.sqlite3_changes(_database);
    }

    /// <summary>Reads the first column of the first row, or null when there is no row or it holds NULL.</summary>
    public long? Scalar()
    {
        if (!Step()) return null;
        var value = LongOrNull(0);
        Reset();
        return value;
    }

    public void Reset() => raw.sqlite3_reset(_statement);

    /// <summary>Makes every parameter NULL again and frees what was copied for them.</summary>
    public void Unbind()
    {
        raw.sqlite3_clear_bindings(_statement);
        Array.Clear(_parameters);
    }

    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    public int Int(int column) => raw.sqlite3_column_int(_statement, column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>The bytes of a text or blob, valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    public int Length(int column) => raw.sqlite3_column_bytes(_statement, column);

    /// <summary>Text by its length, not by its first zero byte.</summary>
    public string? Text(int column) => IsNull(column) ? null : Encoding.UTF8.GetString(Bytes(column));

    public void Dispose() => _statement.Dispose();

    private Statement BindBytes(int index, int code)
    {
        _parameters[index] = new(Bound.Bytes, 0);
        return Check(code);
    }

    private Statement BindNull(int index)
    {
        if (_parameters[index].Bound == Bound.Nothing) return this;
        _parameters[index] = default;
        return Check(raw.sqlite3_bind_null(_statement, index));
    }

    private Statement Check(int code)
    {
        if (code != raw.SQLITE_OK) SqliteException.ThrowExceptionForRC(code, _database);
        return this;
    }

    private enum Bound
    {
        Nothing,
        Number,
        Bytes,
    }

    /// <summary>What a parameter holds. SQLite keeps it from run to run, so binding the same number or NULL again is skipped.</summary>
    private readonly record struct Parameter(Bound Bound, long Number);
}
