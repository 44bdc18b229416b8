using Firehose.Records;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The posts.</summary>
internal sealed class PostgresPostTable(CounterDeltas counters) : PostgresTable("posts", RecordTable.Posts, counters)
{
    protected override NpgsqlParameter[] ColumnsOf(IReadOnlyList<RowChange> rows) =>
    [
        Column.Text(rows, row => row.Uri),
        Column.Text(rows, row => row.Cid.ToString()),
        Column.Text(rows, row => row.Did),
        Column.Text(rows, row => PostOf(row).Text),
        Column.Text(rows, row => ArrayText.Of(PostOf(row).Langs)),
        Column.Text(rows, row => ArrayText.Of(PostOf(row).Tags)),
        Column.Text(rows, row => PostOf(row).ReplyRoot),
        Column.Text(rows, row => PostOf(row).ReplyParent),
        Column.Text(rows, row => PostOf(row).QuotedUri),
        Column.Text(rows, row => PostOf(row).EmbedJson),
        Column.Text(rows, row => PostOf(row).FacetsJson),
        Column.TimeOrNull(rows, row => PostOf(row).CreatedAt),
        Column.Time(rows, row => row.IndexedAt),
        Column.Text(rows, row => row.Rev),
    ];

    protected override void Inserted(RowChange row, NpgsqlDataReader reader)
    {
        var post = PostOf(row);
        Counters.Post(row.Uri, row.Did, post.ReplyParent, post.QuotedUri, 1);
    }

    protected override void Removed(NpgsqlDataReader reader)
    {
        base.Removed(reader);
        Counters.Post(reader.GetString(0), reader.GetString(1), OrNull(2), OrNull(3), -1);

        string? OrNull(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    private static Record.Post PostOf(RowChange row) => (Record.Post)row.Record!;
}
