using Firehose.Decoding;
using Firehose.Records;
using Firehose.Storage;
using Firehose.Storage.Postgres;
using Npgsql;

namespace Bench.PostgresWriting;

/// <summary>
/// What somebody writes who only wants the rows in: four connections, 2,000 records a transaction, arrays unnested, conflicts skipped, counters
/// summed per key and added. It asks nothing before and checks nothing after: no state of repositories, no order, no deletes, no second likes.
/// </summary>
internal sealed class BareLoop
{
    private const int Connections = 4;
    private const int RecordsPerTransaction = 2_000;

    private readonly List<List<NpgsqlBatchCommand>> _transactions;

    /// <summary>Everything but the writing is done beforehand; of a record that is replaced the first is written.</summary>
    public BareLoop(IEnumerable<(Frame Frame, RecordChange Change)> puts) =>
        _transactions = [.. puts.DistinctBy(put => put.Change.Uri).Chunk(RecordsPerTransaction).Select(chunk => new Transaction(chunk).ToStatements())];

    public async Task RunAsync(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = Connections, MaxAutoPrepare = 100, AutoPrepareMinUsages = 1, NoResetOnClose = true };
        await using var source = NpgsqlDataSource.Create(settings);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            await using var connection = await source.OpenConnectionAsync();
            while (Interlocked.Increment(ref next) is var mine && mine < _transactions.Count)
            {
                await using var batch = new NpgsqlBatch(connection);
                foreach (var statement in _transactions[mine])
                {
                    var copy = new NpgsqlBatchCommand(statement.CommandText);
                    foreach (NpgsqlParameter parameter in statement.Parameters) copy.Parameters.Add(parameter.Clone());
                    batch.BatchCommands.Add(copy);
                }

                await batch.ExecuteNonQueryAsync();
            }
        })));
    }

    private sealed class Transaction((Frame Frame, RecordChange Change)[] puts)
    {
        private readonly List<NpgsqlBatchCommand> _statements = [];

        public List<NpgsqlBatchCommand> ToStatements()
        {
            Add("BEGIN");
            var posts = Of<Record.Post>();
            Insert("posts (uri, cid, author, text, langs, tags, reply_root, reply_parent, quoted_uri, embed, facets, created_at, indexed_at, rev)",
                "u, c, a, t, l::text[], g::text[], r, p, q, e::jsonb, f::jsonb, x, i, v", "u, c, a, t, l, g, r, p, q, e, f, x, i, v",
                Uri(posts), Cid(posts), Did(posts), Column.Text(posts, put => put.Record.Text), Column.Text(posts, put => ArrayText.Of(put.Record.Langs)),
                Column.Text(posts, put => ArrayText.Of(put.Record.Tags)), Column.Text(posts, put => put.Record.ReplyRoot), Column.Text(posts, put => put.Record.ReplyParent),
                Column.Text(posts, put => put.Record.QuotedUri), Column.Text(posts, put => put.Record.EmbedJson), Column.Text(posts, put => put.Record.FacetsJson),
                Column.TimeOrNull(posts, put => put.Record.CreatedAt), IndexedAt(posts), Rev(posts));
            var likes = Of<Record.Like>();
            Insert("likes (uri, cid, actor, subject_uri, subject_cid, created_at, rev, counted)", "u, c, a, s, d, x, v, true", "u, c, a, s, d, x, v",
                Uri(likes), Cid(likes), Did(likes), Column.Text(likes, put => put.Record.SubjectUri), Column.Text(likes, put => put.Record.SubjectCid),
                Column.TimeOrNull(likes, put => put.Record.CreatedAt), Rev(likes));
            var reposts = Of<Record.Repost>();
            Insert("reposts (uri, cid, actor, subject_uri, subject_cid, created_at, indexed_at, rev, counted)", "u, c, a, s, d, x, i, v, true", "u, c, a, s, d, x, i, v",
                Uri(reposts), Cid(reposts), Did(reposts), Column.Text(reposts, put => put.Record.SubjectUri), Column.Text(reposts, put => put.Record.SubjectCid),
                Column.TimeOrNull(reposts, put => put.Record.CreatedAt), IndexedAt(reposts), Rev(reposts));
            var follows = Of<Record.Follow>();
            Insert("follows (uri, cid, actor, subject_did, created_at, rev, counted)", "u, c, a, s, x, v, true", "u, c, a, s, x, v",
                Uri(follows), Cid(follows), Did(follows), Column.Text(follows, put => put.Record.SubjectDid), Column.TimeOrNull(follows, put => put.Record.CreatedAt), Rev(follows));
            var blocks = Of<Record.Block>();
            Insert("blocks (uri, cid, actor, subject_did, created_at, rev)", "u, c, a, s, x, v", "u, c, a, s, x, v",
                Uri(blocks), Cid(blocks), Did(blocks), Column.Text(blocks, put => put.Record.SubjectDid), Column.TimeOrNull(blocks, put => put.Record.CreatedAt), Rev(blocks));
            AddProfiles(Of<Record.Profile>());
            AddFeed(posts, reposts);
            AddCounters(posts, likes, reposts, follows);
            Add("COMMIT");
            return _statements;
        }

        private void AddProfiles(List<Put<Record.Profile>> profiles)
        {
            // The last of each account: a statement may not touch a row twice.
            profiles = [.. profiles.GroupBy(put => put.Frame.Did).Select(group => group.Last()).OrderBy(put => put.Frame.Did, StringComparer.Ordinal)];
            if (profiles.Count == 0) return;
            Add("""
                INSERT INTO users (did, display_name, description, avatar, banner, pinned_post, profile_cid, profile_rev, status, indexed_at)
                SELECT *, 'active', now() FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (did) DO UPDATE SET display_name = excluded.display_name, description = excluded.description, avatar = excluded.avatar,
                    banner = excluded.banner, pinned_post = excluded.pinned_post, profile_cid = excluded.profile_cid, profile_rev = excluded.profile_rev
                """,
                Did(profiles), Column.Text(profiles, put => put.Record.DisplayName), Column.Text(profiles, put => put.Record.Description),
                Column.Text(profiles, put => put.Record.Avatar), Column.Text(profiles, put => put.Record.Banner), Column.Text(profiles, put => put.Record.PinnedPostUri),
                Cid(profiles), Rev(profiles));
        }

        private void AddFeed(List<Put<Record.Post>> posts, List<Put<Record.Repost>> reposts)
        {
            List<(string Uri, string Type, string Post, string Did, DateTimeOffset At)> items =
            [
                .. posts.Select(put => (put.Change.Uri, put.Record.ReplyParent is null ? "post" : "reply", put.Change.Uri, put.Frame.Did, EventTime.Earlier(put.Record.CreatedAt, AtOf(put.Frame)))),
                .. reposts.Select(put => (put.Change.Uri, "repost", put.Record.SubjectUri, put.Frame.Did, EventTime.Earlier(put.Record.CreatedAt, AtOf(put.Frame)))),
            ];
            Insert("feed_items (uri, type, post_uri, originator, sort_at)", "u, t, p, o, s", "u, t, p, o, s", Column.Text(items, item => item.Uri), Column.Text(items, item => item.Type),
                Column.Text(items, item => item.Post), Column.Text(items, item => item.Did), Column.Time(items, item => item.At));
        }

        private void AddCounters(List<Put<Record.Post>> posts, List<Put<Record.Like>> likes, List<Put<Record.Repost>> reposts, List<Put<Record.Follow>> follows)
        {
            var counters = new CounterDeltas();
            foreach (var put in posts) counters.Post(put.Change.Uri, put.Frame.Did, put.Record.ReplyParent, put.Record.QuotedUri, 1);
            foreach (var put in likes) counters.Like(put.Record.SubjectUri, 1);
            foreach (var put in reposts) counters.Repost(put.Record.SubjectUri, 1);
            foreach (var put in follows) counters.Follow(put.Frame.Did, put.Record.SubjectDid, 1);
            List<KeyValuePair<string, PostDelta>> tallies = [.. counters.Posts];
            if (tallies.Count > 0)
                Add(PostgresSql.Text("add_tallies"), Column.Text(tallies, tally => tally.Key), Column.Int(tallies, tally => tally.Value.Posts), Column.Int(tallies, tally => tally.Value.Likes),
                    Column.Int(tallies, tally => tally.Value.Reposts), Column.Int(tallies, tally => tally.Value.Replies), Column.Int(tallies, tally => tally.Value.Quotes));
            List<KeyValuePair<string, UserDelta>> users = [.. counters.Users];
            if (users.Count > 0)
                Add(PostgresSql.Text("add_user_counts"), Column.Text(users, user => user.Key), Column.Int(users, user => user.Value.Posts), Column.Int(users, user => user.Value.Follows), Column.Int(users, user => user.Value.Followers));
        }

        private List<Put<T>> Of<T>()
            where T : Record => [.. puts.Where(put => put.Change.Record is T).Select(put => new Put<T>(put.Frame, put.Change, (T)put.Change.Record!))];

        private void Insert(string into, string select, string columns, params NpgsqlParameter[] parameters)
        {
            if (((Array)parameters[0].Value!).Length == 0) return;
            var numbers = string.Join(", ", Enumerable.Range(1, parameters.Length).Select(i => $"${i}"));
            Add($"INSERT INTO {into} SELECT {select} FROM unnest({numbers}) AS n ({columns}) ON CONFLICT DO NOTHING", parameters);
        }

        private void Add(string sql, params NpgsqlParameter[] parameters)
        {
            var statement = new NpgsqlBatchCommand(sql);
            foreach (var parameter in parameters) statement.Parameters.Add(parameter);
            _statements.Add(statement);
        }

        private static NpgsqlParameter Uri<T>(List<Put<T>> puts) => Column.Text(puts, put => put.Change.Uri);

        private static NpgsqlParameter Cid<T>(List<Put<T>> puts) => Column.Text(puts, put => put.Change.Cid.ToString());

        private static NpgsqlParameter Did<T>(List<Put<T>> puts) => Column.Text(puts, put => put.Frame.Did);

        private static NpgsqlParameter Rev<T>(List<Put<T>> puts) => Column.Text(puts, put => put.Frame.Rev);

        private static NpgsqlParameter IndexedAt<T>(List<Put<T>> puts) => Column.Time(puts, put => AtOf(put.Frame));

        private static DateTimeOffset AtOf(Frame frame) => EventTime.Of(frame.Time, default);
    }

    private sealed record Put<T>(Frame Frame, RecordChange Change, T Record);
}
