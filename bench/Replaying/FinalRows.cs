using Microsoft.Data.Sqlite;

namespace Bench.Replaying;

/// <summary>Every row that a replay left, to be inserted again by a loop that does nothing else.</summary>
internal sealed class FinalRows(IReadOnlyList<string> schema, IReadOnlyList<FinalRows.Table> tables)
{
    /// <summary>The writer's own batch size.</summary>
    private const int EventsPerBatch = 500;

    public static FinalRows Read(string database)
    {
        using var connection = Open(database);
        var schema = Query(connection, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'").Select(row => (string)row[0]!).ToList();
        var names = Query(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'Schema%'").Select(row => (string)row[0]!);
        return new(schema, [.. names.Select(name => new Table(name, [.. Query(connection, $"SELECT * FROM \"{name}\"")])).Where(table => table.Rows.Count > 0)]);
    }

    /// <summary>Inserts all rows in as many transactions as <paramref name="events"/> make batches, and returns the events.</summary>
    public long Insert(int events)
    {
        using var directory = new ScratchDirectory();
        using var connection = Open(Path.Combine(directory.Path, "bare.db"));
        foreach (var statement in schema) Execute(connection, statement);
        var commands = tables.Select(table => Prepare(connection, table)).ToList();
        var batches = (events + EventsPerBatch - 1) / EventsPerBatch;
        for (var batch = 0; batch < batches; batch++)
        {
            using var transaction = connection.BeginTransaction();
            for (var t = 0; t < tables.Count; t++)
            {
                var (rows, command) = (tables[t].Rows, commands[t]);
                command.Transaction = transaction;
                for (var i = (int)((long)rows.Count * batch / batches); i < (int)((long)rows.Count * (batch + 1) / batches); i++)
                {
                    for (var column = 0; column < rows[i].Length; column++) command.Parameters[column].Value = rows[i][column] ?? DBNull.Value;
                    command.ExecuteNonQuery();
                }
            }

            transaction.Commit();
        }

        foreach (var command in commands) command.Dispose();
        return events;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL");
        Execute(connection, "PRAGMA synchronous = FULL");
        return connection;
    }

    private static SqliteCommand Prepare(SqliteConnection connection, Table table)
    {
        var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO \"{table.Name}\" VALUES ({string.Join(", ", Enumerable.Range(0, table.Rows[0].Length).Select(i => $"$p{i}"))})";
        for (var i = 0; i < table.Rows[0].Length; i++) command.Parameters.Add(new SqliteParameter($"$p{i}", null));
        command.Prepare();
        return command;
    }

    private static IEnumerable<object?[]> Query(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            yield return row;
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal sealed record Table(string Name, List<object?[]> Rows);
}
