using Firehose.Records;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The rows that one batch writes, table by table, and the counters and feed items that follow from what really came and went.</summary>
internal sealed class PostgresRows
{
    private readonly CounterDeltas _counters = new();
    private readonly PostgresFeed _feed = new();
    private readonly PostgresTable[] _tables;
    private readonly List<RowChange> _profiles = [], _deleted = [];
    private DateTimeOffset _forgetAt;

    public PostgresRows()
    {
        _tables =
        [
            new PostgresPostTable(_counters),
            new PostgresPairTable("likes", RecordTable.Likes, _counters, row => ((Record.Like)row.Record!).SubjectUri, LikeColumns,
                (_, _, subject, sign) => _counters.Like(subject, sign)),
            new PostgresPairTable("reposts", RecordTable.Reposts, _counters, row => ((Record.Repost)row.Record!).SubjectUri, RepostColumns, CountRepost),
            new PostgresPairTable("follows", RecordTable.Follows, _counters, row => ((Record.Follow)row.Record!).SubjectDid, FollowColumns,
                (_, actor, subject, sign) => _counters.Follow(actor, subject, sign)),
            new PostgresBlockTable(_counters),
        ];
    }

    /// <summary>Removes everything of deleted accounts.</summary>
    public void Purge(RoundTrip trip, IReadOnlyCollection<string> accounts)
    {
        IReadOnlyList<string> dids = [.. accounts.Order(StringComparer.Ordinal)];
        foreach (var table in _tables) table.Purge(trip, First(), Beyond());
        trip.Add("purge_profiles", Column.Text(dids, did => did));
        trip.Add("purge_tombstones", First(), Beyond());
        trip.Add("purge_rejected", First(), Beyond());

        // '0' is the character after '/', so the range holds every URI of this account and no other.
        NpgsqlParameter First() => Column.Text(dids, did => $"at://{did}/");
        NpgsqlParameter Beyond() => Column.Text(dids, did => $"at://{did}0");
    }

    /// <summary>Takes in what the fold came to.</summary>
    public void Take(IEnumerable<RowChange> rows, DateTimeOffset forgetAt)
    {
        _forgetAt = forgetAt;
        foreach (var row in rows)
        {
            if (row.Table == RecordTable.Profiles) _profiles.Add(row);
            else _tables[(int)row.Table].Take(row);
            if (row.TombstoneRev is not null) _deleted.Add(row);
        }
    }

    /// <summary>Writes the rows. What goes, goes first: a pair that lost its counted row counts the next one.</summary>
    public void Write(RoundTrip trip)
    {
        foreach (var table in _tables) table.Write(trip);
        if (_profiles.Count > 0) SaveProfiles(trip);
        if (_deleted.Count > 0)
            trip.Add("save_tombstones", Column.Text(_deleted, row => row.Uri), Column.Text(_deleted, row => row.TombstoneRev), Column.One(_forgetAt));
    }

    /// <summary>Puts what met a row that it did not expect.</summary>
    public void Repair(RoundTrip trip)
    {
        foreach (var table in _tables) table.Repair(trip);
    }

    /// <summary>Adds up the counters of posts, then writes the feed items, which the locks on those guard; last the counters that most batches share.</summary>
    public void WriteCounters(RoundTrip trip, BatchFold fold)
    {
        List<KeyValuePair<string, PostDelta>> posts = [.. _counters.Posts];
        List<KeyValuePair<string, UserDelta>> users = [.. _counters.Users];
        if (posts.Count > 0)
            trip.Add("add_tallies",
                Column.Text(posts, post => post.Key),
                Column.Int(posts, post => post.Value.Posts),
                Column.Int(posts, post => post.Value.Likes),
                Column.Int(posts, post => post.Value.Reposts),
                Column.Int(posts, post => post.Value.Replies),
                Column.Int(posts, post => post.Value.Quotes));
        _feed.Write(trip, posts);
        if (users.Count > 0)
            trip.Add("add_user_counts",
                Column.Text(users, user => user.Key),
                Column.Int(users, user => user.Value.Posts),
                Column.Int(users, user => user.Value.Follows),
                Column.Int(users, user => user.Value.Followers));
        List<string> shrunk = [.. posts.Where(post => post.Value.Shrinks).Select(post => post.Key)];
        List<string> left = [.. users.Where(user => user.Value.Shrinks).Select(user => user.Key)];
        if (shrunk.Count + left.Count > 0) trip.Add("drop_empty_counts", Column.Text(shrunk, uri => uri), Column.Text(left, did => did));
        AddTotals(trip, fold);
    }

    private void AddTotals(RoundTrip trip, BatchFold fold)
    {
        List<(string Name, long Value)> totals =
        [
            .. Enum.GetValues<RecordTable>().Select(table => (FirehoseTotals.NameOf(table), _counters.RowsOf(table))),
            (FirehoseTotals.DesynchronizedName, fold.Desynchronized),
            (FirehoseTotals.ChainBreaksName, fold.ChainBreaks),
            (FirehoseTotals.RejectedName, fold.Rejected.Count),
        ];
        totals.RemoveAll(total => total.Value == 0);
        totals.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        if (totals.Count > 0) trip.Add("add_totals", Column.Text(totals, total => total.Name), Column.Long(totals, total => total.Value));
    }

    private void CountRepost(string uri, string actor, string subject, int sign)
    {
        _counters.Repost(subject, sign);
        _feed.Repost(uri, sign);
    }

    private void SaveProfiles(RoundTrip trip)
    {
        trip.Add("save_profiles",
            Column.Text(_profiles, row => row.Did),
            Column.Text(_profiles, row => row.Rev),
            Column.Text(_profiles, row => ProfileOf(row)?.DisplayName),
            Column.Text(_profiles, row => ProfileOf(row)?.Description),
            Column.Text(_profiles, row => ProfileOf(row)?.Avatar),
            Column.Text(_profiles, row => ProfileOf(row)?.Banner),
            Column.Text(_profiles, row => ProfileOf(row)?.PinnedPostUri),
            Column.Text(_profiles, row => row.Record is null ? null : row.Cid.ToString()),
            Column.Text(_profiles, row => row.Record is null ? null : row.Rev));

        static Record.Profile? ProfileOf(RowChange row) => (Record.Profile?)row.Record;
    }

    private static NpgsqlParameter[] LikeColumns(IReadOnlyList<RowChange> rows) =>
    [
        Column.Text(rows, row => row.Uri),
        Column.Text(rows, row => row.Cid.ToString()),
        Column.Text(rows, row => row.Did),
        Column.Text(rows, row => ((Record.Like)row.Record!).SubjectUri),
        Column.Text(rows, row => ((Record.Like)row.Record!).SubjectCid),
        Column.TimeOrNull(rows, row => ((Record.Like)row.Record!).CreatedAt),
        Column.Text(rows, row => row.Rev),
    ];

    private static NpgsqlParameter[] RepostColumns(IReadOnlyList<RowChange> rows) =>
    [
        Column.Text(rows, row => row.Uri),
        Column.Text(rows, row => row.Cid.ToString()),
        Column.Text(rows, row => row.Did),
        Column.Text(rows, row => ((Record.Repost)row.Record!).SubjectUri),
        Column.Text(rows, row => ((Record.Repost)row.Record!).SubjectCid),
        Column.TimeOrNull(rows, row => ((Record.Repost)row.Record!).CreatedAt),
        Column.Text(rows, row => row.Rev),
        Column.Time(rows, row => row.IndexedAt),
    ];

    private static NpgsqlParameter[] FollowColumns(IReadOnlyList<RowChange> rows) =>
    [
        Column.Text(rows, row => row.Uri),
        Column.Text(rows, row => row.Cid.ToString()),
        Column.Text(rows, row => row.Did),
        Column.Text(rows, row => ((Record.Follow)row.Record!).SubjectDid),
        Column.TimeOrNull(rows, row => ((Record.Follow)row.Record!).CreatedAt),
        Column.Text(rows, row => row.Rev),
    ];
}
