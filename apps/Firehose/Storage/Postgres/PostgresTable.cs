using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>One table of records while a batch is written: what goes, what comes, and which rows really did.</summary>
internal abstract class PostgresTable(string name, RecordTable table, CounterDeltas counters)
{
    private readonly List<RowChange> _removes = [];
    private readonly Dictionary<string, RowChange> _puts = new(StringComparer.Ordinal);

    /// <summary>The table's name, and the last word of its statements' names.</summary>
    protected string Name => name;

    protected CounterDeltas Counters => counters;

    /// <summary>Takes in a change of this table.</summary>
    public void Take(RowChange change)
    {
        if (change.Kind is not RowChangeKind.Insert) _removes.Add(change);
        if (change.Record is not null) _puts.Add(change.Uri, change);
    }

    /// <summary>Removes what accounts had.</summary>
    public void Purge(RoundTrip trip, NpgsqlParameter first, NpgsqlParameter beyond) => trip.Add($"purge_{name}", Removed, first, beyond);

    /// <summary>Removes what goes and inserts what comes, where no row of that name is.</summary>
    public void Write(RoundTrip trip)
    {
        if (_removes.Count > 0) Remove(trip, _removes);
        if (_puts.Count > 0) Insert(trip, Ordered());
    }

    /// <summary>Where a row of that name was although the batch did not expect it, an older one gives way.</summary>
    public void Repair(RoundTrip trip)
    {
        if (_puts.Count > 0) Repair(trip, Ordered());
    }

    /// <summary>The columns of rows to insert.</summary>
    protected abstract NpgsqlParameter[] ColumnsOf(IReadOnlyList<RowChange> rows);

    /// <summary>A row came.</summary>
    protected abstract void Inserted(RowChange row, NpgsqlDataReader reader);

    /// <summary>A row went.</summary>
    protected virtual void Removed(NpgsqlDataReader reader) => counters.Row(table, -1);

    protected virtual void Repair(RoundTrip trip, IReadOnlyList<RowChange> rows)
    {
        Remove(trip, rows);
        Insert(trip, rows);
    }

    private void Remove(RoundTrip trip, IReadOnlyList<RowChange> rows) =>
        trip.Add($"delete_{name}", Removed, Column.Text(rows, row => row.Uri), Column.Text(rows, row => row.Rev));

    private void Insert(RoundTrip trip, IReadOnlyList<RowChange> rows) => trip.Add($"insert_{name}", Inserted, ColumnsOf(rows));

    private void Inserted(NpgsqlDataReader reader)
    {
        _puts.Remove(reader.GetString(0), out var row);
        counters.Row(table, 1);
        Inserted(row!, reader);
    }

    private List<RowChange> Ordered()
    {
        var rows = new List<RowChange>(_puts.Values);
        rows.Sort(RowChange.ComparePuts);
        return rows;
    }
}
