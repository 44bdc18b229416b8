namespace Firehose.Storage.Postgres;

/// <summary>The cursors, in the same database as the tables.</summary>
internal sealed class PostgresCursors(PostgresPool pool, TimeProvider time) : CursorStore
{
    public override ValueTask<long?> ReadAsync(string host, CancellationToken stopping) => pool.UseAsync(
        async connection =>
        {
            var seq = default(long?);
            var trip = new RoundTrip();
            trip.Add("select_cursor", row => seq = row.GetInt64(0), Column.One(host));
            await trip.RunAsync(connection, stopping);
            return seq;
        },
        stopping);

    public override async ValueTask SaveAsync(string host, long seq, CancellationToken stopping) => await pool.UseAsync(
        async connection =>
        {
            var trip = new RoundTrip();
            trip.Add("save_cursor", Column.One(host), Column.One(seq), Column.One(time.GetUtcNow()));
            await trip.RunAsync(connection, stopping);
            return true;
        },
        stopping);
}
