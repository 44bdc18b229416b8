using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Firehose.Storage.Sqlite;

/// <summary>
/// One prepared SQL statement of the folder Sql, bound by position from 1. Below ADO.NET on purpose: a parameter object and a reader
/// per row cost more than the row (bench/README.md, firehose).
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private byte[] _utf8 = new byte[1024];

    /// <summary>Prepares the embedded file `Sql/name.sql`.</summary>
    public SqliteStatement(SqliteConnection connection, string name)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, Text(name), out _statement));
    }

    /// <summary>The text of the embedded file `Sql/name.sql`.</summary>
    public static string Text(string name)
    {
        using var stream = typeof(SqliteStatement).Assembly.GetManifestResourceStream($"Firehose.Storage.Sqlite.Sql.{name}.sql")
            ?? throw new InvalidOperationException($"There is no embedded statement {name}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Binds text or NULL; the bytes are copied.</summary>
    public SqliteStatement Bind(int position, string? value)
    {
        if (value is null)
        {
            Check(raw.sqlite3_bind_null(_statement, position));
            return this;
        }
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (length > _utf8.Length) _utf8 = new byte[length];
        Check(raw.sqlite3_bind_text(_statement, position, _utf8.AsSpan(0, Encoding.UTF8.GetBytes(value, _utf8))));
        return this;
    }

    /// <summary>Binds an integer.</summary>
    public SqliteStatement Bind(int position, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, position, value));
        return this;
    }

    /// <summary>Goes to the next row; false, and ready to be bound again, when there is none.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        Reset();
        if (code != raw.SQLITE_DONE) Check(code);
        return false;
    }

    /// <summary>Runs to the end; rows are dropped.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        while (Step())
        {
        }
        return raw.sqlite3_changes(_database);
    }

    /// <summary>Ends a statement of which not every row was read.</summary>
    public void Reset() => _ = raw.sqlite3_reset(_statement);

    /// <summary>The column at <paramref name="index"/> from 0 as text, or null.</summary>
    public string? GetText(int index) =>
        raw.sqlite3_column_type(_statement, index) == raw.SQLITE_NULL ? null : Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, index));

    /// <summary>The column at <paramref name="index"/> from 0 as a number; NULL is 0.</summary>
    public long GetLong(int index) => raw.sqlite3_column_int64(_statement, index);

    /// <inheritdoc/>
    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code is raw.SQLITE_OK) return;
        throw new SqliteException($"SQLite error {code}: {raw.sqlite3_errmsg(_database).utf8_to_string()}", code, raw.sqlite3_extended_errcode(_database));
    }
}
