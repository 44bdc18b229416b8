using Firehose.Records;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The blocks, which nothing counts.</summary>
internal sealed class PostgresBlockTable(CounterDeltas counters) : PostgresTable("blocks", RecordTable.Blocks, counters)
{
    protected override NpgsqlParameter[] ColumnsOf(IReadOnlyList<RowChange> rows) =>
    [
        Column.Text(rows, row => row.Uri),
        Column.Text(rows, row => row.Cid.ToString()),
        Column.Text(rows, row => row.Did),
        Column.Text(rows, row => ((Record.Block)row.Record!).SubjectDid),
        Column.TimeOrNull(rows, row => ((Record.Block)row.Record!).CreatedAt),
        Column.Text(rows, row => row.Rev),
    ];

    protected override void Inserted(RowChange row, NpgsqlDataReader reader)
    {
    }
}
