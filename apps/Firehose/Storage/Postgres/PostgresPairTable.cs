using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>One of the tables in which a pair of actor and subject counts once: likes, reposts, follows.</summary>
/// <param name="name">The table's, and the last word of its statements' names.</param>
/// <param name="table">The same.</param>
/// <param name="counters">Hear of every row that came or went.</param>
/// <param name="subjectOf">The subject of a row.</param>
/// <param name="columns">The columns of rows to insert, but for the candidates.</param>
/// <param name="counts">Hears of a row that counts from now on (1) or no longer (-1): its URI, actor and subject.</param>
internal sealed class PostgresPairTable(
    string name,
    RecordTable table,
    CounterDeltas counters,
    Func<RowChange, string> subjectOf,
    Func<IReadOnlyList<RowChange>, NpgsqlParameter[]> columns,
    Action<string, string, string, int> counts) : PostgresTable(name, table, counters)
{
    protected override NpgsqlParameter[] ColumnsOf(IReadOnlyList<RowChange> rows)
    {
        // In order of revision and URI, so that the first of a pair is the one to count.
        var seen = new HashSet<(string, string)>();
        return [.. columns(rows), Column.Bool(rows, row => seen.Add((row.Did, subjectOf(row))))];
    }

    protected override void Inserted(RowChange row, NpgsqlDataReader reader)
    {
        if (reader.GetBoolean(1)) counts(row.Uri, row.Did, subjectOf(row), 1);
    }

    protected override void Removed(NpgsqlDataReader reader)
    {
        var (uri, actor, subject) = (reader.GetString(0), reader.GetString(1), reader.GetString(2));
        if (reader.GetBoolean(4))
        {
            counts(uri, actor, subject, 1);
            return;
        }
        base.Removed(reader);
        if (reader.GetBoolean(3)) counts(uri, actor, subject, -1);
    }

    protected override void Repair(RoundTrip trip, IReadOnlyList<RowChange> rows)
    {
        base.Repair(trip, rows);
        trip.Add($"recount_{Name}", Recounted, Column.Text(rows, row => row.Did), Column.Text(rows, subjectOf));
    }

    private void Recounted(NpgsqlDataReader reader) => counts(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3) ? 1 : -1);
}
