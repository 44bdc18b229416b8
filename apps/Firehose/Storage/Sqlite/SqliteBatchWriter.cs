using Firehose.Records;
using Microsoft.Data.Sqlite;

namespace Firehose.Storage.Sqlite;

/// <summary>Writes what a <see cref="BatchFold"/> came to, inside the transaction of its caller; holds the prepared statements of one connection.</summary>
internal sealed class SqliteBatchWriter : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);
    private readonly SqlitePairTable _likes, _reposts, _follows;
    private readonly SqliteStatement _insertPost, _deletePost, _insertPostCounts, _addPostCounts, _deletePostCounts, _addUserCounts, _insertFeedItem;
    private readonly SqliteStatement _insertBlock, _deleteBlock, _selectRepo, _saveRepo, _saveUser, _saveTombstone;
    private CounterDeltas _counters = new();

    public SqliteBatchWriter(SqliteConnection connection)
    {
        _connection = connection;
        _likes = new(this, "like");
        _reposts = new(this, "repost");
        _follows = new(this, "follow");
        _insertPost = Prepared("insert_post");
        _deletePost = Prepared("delete_post");
        _insertPostCounts = Prepared("insert_post_counts");
        _addPostCounts = Prepared("add_post_counts");
        _deletePostCounts = Prepared("delete_post_counts");
        _addUserCounts = Prepared("add_user_counts");
        _insertFeedItem = Prepared("insert_feed_item");
        _insertBlock = Prepared("insert_block");
        _deleteBlock = Prepared("delete_block");
        _selectRepo = Prepared("select_repo");
        _saveRepo = Prepared("save_repo");
        _saveUser = Prepared("save_user");
        _saveTombstone = Prepared("save_tombstone");
    }

    /// <summary>The statement in `Sql/name.sql`, prepared once.</summary>
    public SqliteStatement Prepared(string name)
    {
        if (!_statements.TryGetValue(name, out var statement))
            _statements[name] = statement = new SqliteStatement(_connection, name);
        return statement;
    }

    /// <summary>What is known of the repository of <paramref name="did"/>.</summary>
    public RepoState ReadRepo(string did)
    {
        var repo = new RepoState(did) { IsNew = true };
        if (!_selectRepo.Bind(1, did).Step()) return repo;
        repo.IsNew = false;
        repo.Rev = _selectRepo.GetText(0);
        repo.Data = _selectRepo.GetText(1);
        repo.Desynchronized = _selectRepo.GetLong(2) != 0;
        repo.AccountStatus = _selectRepo.GetText(3)!;
        repo.Identity = new EventMark(_selectRepo.GetLong(4), TimeText.Parse(_selectRepo.GetText(5)));
        repo.Account = new EventMark(_selectRepo.GetLong(6), TimeText.Parse(_selectRepo.GetText(7)));
        _selectRepo.Reset();
        return repo;
    }

    /// <summary>The delivery that reported this record as bad, or null.</summary>
    public string? ReadRejected(string uri, string rev)
    {
        var select = Prepared("select_rejected").Bind(1, uri).Bind(2, rev);
        if (!select.Step()) return null;
        var delivery = select.GetText(0);
        select.Reset();
        return delivery;
    }

    /// <summary>Writes everything the batch came to.</summary>
    /// <param name="fold">The changes.</param>
    /// <param name="repos">The states that the fold changed.</param>
    /// <param name="forgetAt">Until when tombstones and rejected records are remembered, as text.</param>
    public void Write(BatchFold fold, IEnumerable<RepoState> repos, string forgetAt)
    {
        _counters = new CounterDeltas();
        foreach (var did in fold.Purges) Purge(did);
        foreach (var repo in repos) Save(repo);

        // What goes, goes first: a pair that lost its counted row counts the next one.
        var puts = new List<RowChange>(fold.Rows.Count);
        foreach (var row in fold.Rows)
        {
            if (row.Late && IsForbidden(row)) continue;
            if (row.Kind is not RowChangeKind.Insert) Remove(row.Table, row.Uri, row.Did, row.Rev);
            if (row.TombstoneRev is not null) _saveTombstone.Bind(1, row.Uri).Bind(2, row.TombstoneRev).Bind(3, forgetAt).Run();
            if (row.Record is not null) puts.Add(row);
        }
        puts.Sort(RowChange.ComparePuts);
        foreach (var row in puts) Put(row);

        foreach (var record in fold.Rejected)
            Prepared("save_rejected").Bind(1, record.Uri).Bind(2, record.Rev).Bind(3, record.Delivery).Bind(4, record.Reason).Bind(5, forgetAt).Run();
        WriteCounters(fold);
    }

    /// <summary>Ends statements that a failure left half-way.</summary>
    public void Reset()
    {
        foreach (var statement in _statements.Values) statement.Reset();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
    }

    private void Save(RepoState repo)
    {
        if (repo.UserChangedAt is { } at)
            _saveUser.Bind(1, repo.Did).Bind(2, repo.NewHandle).Bind(3, repo.AccountStatus).Bind(4, TimeText.Of(at)).Run();
        if (repo.Changed)
            _saveRepo.Bind(1, repo.Did).Bind(2, repo.Rev).Bind(3, repo.Data).Bind(4, repo.Desynchronized ? 1 : 0).Bind(5, repo.AccountStatus)
                .Bind(6, repo.Identity.Seq).Bind(7, TimeText.OrNull(repo.Identity.At)).Bind(8, repo.Account.Seq).Bind(9, TimeText.OrNull(repo.Account.At)).Run();
    }

    private void Purge(string did)
    {
        // '0' is the character after '/', so the range holds every URI of this account and no other.
        string from = $"at://{did}/", to = $"at://{did}0";
        foreach (var table in (ReadOnlySpan<RecordTable>)[RecordTable.Posts, RecordTable.Likes, RecordTable.Reposts, RecordTable.Follows, RecordTable.Blocks])
        {
            var rows = new List<(string Uri, string Rev)>();
            var list = Prepared(table switch
            {
                RecordTable.Posts => "list_posts_of",
                RecordTable.Likes => "list_likes_of",
                RecordTable.Reposts => "list_reposts_of",
                RecordTable.Follows => "list_follows_of",
                _ => "list_blocks_of",
            }).Bind(1, from).Bind(2, to);
            while (list.Step()) rows.Add((list.GetText(0)!, list.GetText(1)!));
            foreach (var (uri, rev) in rows) Remove(table, uri, did, rev);
        }
        Prepared("clear_profile").Bind(1, did).Bind(2, LastRev).Run();
        Prepared("purge_tombstones").Bind(1, from).Bind(2, to).Run();
        Prepared("purge_rejected").Bind(1, from).Bind(2, to).Run();
    }

    private bool IsForbidden(RowChange row)
    {
        Prepared("delete_rejected").Bind(1, row.Uri).Bind(2, row.Rev).Run();
        var select = Prepared("select_tombstone").Bind(1, row.Uri);
        if (!select.Step()) return false;
        var forbidden = string.CompareOrdinal(select.GetText(0), row.Rev) > 0;
        select.Reset();
        return forbidden;
    }

    private void Remove(RecordTable table, string uri, string did, string rev)
    {
        switch (table)
        {
            case RecordTable.Posts:
                RemovePost(uri, rev);
                break;
            case RecordTable.Likes:
                if (_likes.Remove(uri, rev, _counters, table) is { Counts: true } like) _counters.Like(like.Subject, -1);
                break;
            case RecordTable.Reposts:
                RemoveRepost(uri, rev);
                break;
            case RecordTable.Follows:
                if (_follows.Remove(uri, rev, _counters, table) is { Counts: true } follow) _counters.Follow(follow.Actor, follow.Subject, -1);
                break;
            case RecordTable.Blocks:
                _counters.Row(table, -_deleteBlock.Bind(1, uri).Bind(2, rev).Run());
                break;
            default:
                Prepared("clear_profile").Bind(1, did).Bind(2, rev).Run();
                break;
        }
    }

    private void RemovePost(string uri, string rev)
    {
        if (!_deletePost.Bind(1, uri).Bind(2, rev).Step()) return;
        _counters.Post(uri, _deletePost.GetText(0)!, _deletePost.GetText(1), _deletePost.GetText(2), -1);
        _counters.Row(RecordTable.Posts, -1);
        _deletePost.Run();
        _deletePostCounts.Bind(1, uri).Run();
        Prepared("delete_feed_items_of_post").Bind(1, uri).Run();
    }

    private void RemoveRepost(string uri, string rev)
    {
        if (_reposts.Remove(uri, rev, _counters, RecordTable.Reposts) is not { WasCounted: true } repost) return;
        Prepared("delete_feed_item").Bind(1, uri).Run();
        if (repost.Promoted is not null) Prepared("insert_repost_feed_item").Bind(1, repost.Promoted).Run();
        else _counters.Repost(repost.Subject, -1);
    }

    private void Put(RowChange row)
    {
        if (TryInsert(row)) return;
        // A row of that name is there although the batch did not expect it; only an older one gives way.
        Remove(row.Table, row.Uri, row.Did, row.Rev);
        TryInsert(row);
    }

    private bool TryInsert(RowChange row)
    {
        switch (row.Record)
        {
            case Record.Post post:
                return TryInsert(row, post);
            case Record.Like like:
                if (_likes.TryInsert(row, like.SubjectUri, like.SubjectCid, like.CreatedAt, _counters) is not { } counted) return false;
                if (counted) _counters.Like(like.SubjectUri, 1);
                return true;
            case Record.Repost repost:
                if (_reposts.TryInsert(row, repost.SubjectUri, repost.SubjectCid, repost.CreatedAt, _counters) is not { } countedRepost) return false;
                if (!countedRepost) return true;
                _counters.Repost(repost.SubjectUri, 1);
                Prepared("insert_repost_feed_item").Bind(1, row.Uri).Run();
                return true;
            case Record.Follow follow:
                if (_follows.TryInsert(row, follow.SubjectDid, null, follow.CreatedAt, _counters) is not { } countedFollow) return false;
                if (countedFollow) _counters.Follow(row.Did, follow.SubjectDid, 1);
                return true;
            case Record.Block block:
                var inserted = _insertBlock.Bind(1, row.Uri).Bind(2, row.Cid.ToString()).Bind(3, row.Did).Bind(4, block.SubjectDid)
                    .Bind(5, TimeText.OrNull(block.CreatedAt)).Bind(6, row.Rev).Run();
                _counters.Row(RecordTable.Blocks, inserted);
                return inserted > 0;
            case Record.Profile profile:
                Prepared("save_profile").Bind(1, row.Did).Bind(2, profile.DisplayName).Bind(3, profile.Description).Bind(4, profile.Avatar)
                    .Bind(5, profile.Banner).Bind(6, profile.PinnedPostUri).Bind(7, row.Cid.ToString()).Bind(8, row.Rev).Run();
                return true;
            default:
                throw new InvalidOperationException($"There is no table for {row.Record}.");
        }
    }

    private bool TryInsert(RowChange row, Record.Post post)
    {
        var inserted = _insertPost.Bind(1, row.Uri).Bind(2, row.Cid.ToString()).Bind(3, row.Did).Bind(4, post.Text)
            .Bind(5, TextArray.ToJson(post.Langs)).Bind(6, TextArray.ToJson(post.Tags)).Bind(7, post.ReplyRoot).Bind(8, post.ReplyParent)
            .Bind(9, post.QuotedUri).Bind(10, post.EmbedJson).Bind(11, post.FacetsJson).Bind(12, TimeText.OrNull(post.CreatedAt)).Bind(13, TimeText.Of(row.IndexedAt)).Bind(14, row.Rev).Run();
        if (inserted == 0) return false;
        _counters.Post(row.Uri, row.Did, post.ReplyParent, post.QuotedUri, 1);
        _counters.Row(RecordTable.Posts, 1);
        _insertFeedItem.Bind(1, row.Uri).Bind(2, post.ReplyParent is null ? "post" : "reply").Bind(3, row.Uri).Bind(4, row.Did)
            .Bind(5, TimeText.Of(EventTime.Earlier(post.CreatedAt, row.IndexedAt))).Run();
        return true;
    }

    private void WriteCounters(BatchFold fold)
    {
        // A post that came is counted afresh, since likes, reposts, replies and quotes may have come before it.
        foreach (var uri in _counters.PutPosts)
        {
            _insertPostCounts.Bind(1, uri).Step();
            var reposts = _insertPostCounts.GetLong(0);
            _insertPostCounts.Run();
            if (reposts > 0) Prepared("insert_feed_items_of_post").Bind(1, uri).Run();
        }
        foreach (var (uri, delta) in _counters.Posts.Where(post => !_counters.IsPut(post.Key)))
            _addPostCounts.Bind(1, uri).Bind(2, delta.Likes).Bind(3, delta.Reposts).Bind(4, delta.Replies).Bind(5, delta.Quotes).Run();
        foreach (var (did, delta) in _counters.Users)
        {
            _addUserCounts.Bind(1, did).Bind(2, delta.Posts).Bind(3, delta.Follows).Bind(4, delta.Followers).Run();
            if (delta.Shrinks) Prepared("delete_empty_user_counts").Bind(1, did).Run();
        }
        foreach (var table in Enum.GetValues<RecordTable>()) AddTotal(FirehoseTotals.NameOf(table), _counters.RowsOf(table));
        AddTotal(FirehoseTotals.DesynchronizedName, fold.Desynchronized);
        AddTotal(FirehoseTotals.ChainBreaksName, fold.ChainBreaks);
        AddTotal(FirehoseTotals.RejectedName, fold.Rejected.Count);
    }

    private void AddTotal(string name, long by)
    {
        if (by != 0) Prepared("add_total").Bind(1, name).Bind(2, by).Run();
    }

    /// <summary>Sorts after every revision.</summary>
    private const string LastRev = "~";
}
