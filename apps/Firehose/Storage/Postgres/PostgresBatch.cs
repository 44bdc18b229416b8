using Firehose.Records;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>
/// One batch in one transaction, in three round trips: read its repositories; write them and rows; add up counters and commit. Batches of
/// other lanes commit meanwhile, in this process or another, so whatever belongs to more than one account is only ever added to, under
/// locks taken in key order (docs/decisions/022-firehose-on-postgres.md).
/// </summary>
internal sealed class PostgresBatch(NpgsqlConnection connection, IReadOnlyList<FirehoseEvent> events, DateTimeOffset now, CancellationToken stopping)
{
    private readonly PostgresRows _rows = new();

    /// <summary>Applies the batch.</summary>
    /// <param name="keep">False to take all of it back, having seen that it can be written.</param>
    public async ValueTask<ApplyResult> RunAsync(bool keep = true)
    {
        var repos = new PostgresRepos(events);
        var opening = new RoundTrip();
        opening.Add("begin");
        repos.Read(opening);
        await opening.RunAsync(connection, stopping);

        var fold = new BatchFold(repos.States, repos.Reported, now);
        var result = fold.AddAll(events);
        var writing = new RoundTrip();
        repos.Save(writing);
        if (fold.Purges.Count > 0) _rows.Purge(writing, fold.Purges);
        _rows.Take(await WithoutForbiddenAsync(fold.Rows), now + FirehoseStore.Remembered);
        _rows.Write(writing);
        SaveRejected(writing, [.. fold.Rejected]);
        await writing.RunAsync(connection, stopping);
        repos.RequireSaved();

        // Empty but for rows that were there although they should not have been.
        var repairing = new RoundTrip();
        _rows.Repair(repairing);
        await repairing.RunAsync(connection, stopping);

        var closing = new RoundTrip();
        _rows.WriteCounters(closing, fold);
        closing.Add(keep ? "commit" : "rollback");
        await closing.RunAsync(connection, stopping);
        return result;
    }

    /// <summary>Of rows that come late, because somebody asked for them again, a tombstone may forbid one.</summary>
    private async ValueTask<IReadOnlyCollection<RowChange>> WithoutForbiddenAsync(IReadOnlyCollection<RowChange> rows)
    {
        var late = rows.Where(row => row.Late).ToList();
        if (late.Count == 0) return rows;
        var tombstones = new Dictionary<string, string>(StringComparer.Ordinal);
        var looking = new RoundTrip();
        looking.Add("delete_rejected", Column.Text(late, row => row.Uri), Column.Text(late, row => row.Rev));
        looking.Add("select_tombstones", row => tombstones[row.GetString(0)] = row.GetString(1), Column.Text(late, row => row.Uri));
        await looking.RunAsync(connection, stopping);
        return [.. rows.Where(row => !row.Late || string.CompareOrdinal(tombstones.GetValueOrDefault(row.Uri), row.Rev) <= 0)];
    }

    private void SaveRejected(RoundTrip trip, IReadOnlyList<RejectedRecord> rejected)
    {
        if (rejected.Count == 0) return;
        trip.Add("save_rejected",
            Column.Text(rejected, record => record.Uri),
            Column.Text(rejected, record => record.Rev),
            Column.Text(rejected, record => record.Delivery),
            Column.Text(rejected, record => RecordText.Of(record.Reason)),
            Column.One(now + FirehoseStore.Remembered));
    }
}
