using System.IO.Compression;
using System.Text.Json;
using Apps.Tests.Firehose.Databases;

namespace Apps.Tests.Firehose.Writing;

/// <summary>What a store must hold after a replay: the server's own export, and the rows recounted from scratch.</summary>
public static class EndState
{
    private static readonly string[] Handled =
        ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost", "app.bsky.graph.follow", "app.bsky.graph.block", "app.bsky.actor.profile"];

    /// <summary>The export's records of handled collections, `uri|cid`, sorted.</summary>
    public static List<string> Records(string file)
    {
        using var document = Read(file);
        return [.. document.RootElement.GetProperty("records").EnumerateArray()
            .Select(record => (Uri: record.GetProperty("uri").GetString()!, Cid: record.GetProperty("cid").GetString()!))
            .Where(record => Handled.Contains(record.Uri.Split('/')[3]))
            .Select(record => $"{record.Uri}|{record.Cid}")
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>The export's accounts, `did|handle|status`, sorted.</summary>
    public static List<string> Accounts(string file)
    {
        using var document = Read(file);
        return [.. document.RootElement.GetProperty("accounts").EnumerateArray()
            .Select(account => $"{account.GetProperty("did")}|{account.GetProperty("handle")}|{account.GetProperty("status")}")
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>The store's records, `uri|cid`, sorted.</summary>
    public const string StoredRecords = """
        SELECT uri, cid FROM posts UNION ALL SELECT uri, cid FROM likes UNION ALL SELECT uri, cid FROM reposts
        UNION ALL SELECT uri, cid FROM follows UNION ALL SELECT uri, cid FROM blocks
        UNION ALL SELECT 'at://' || did || '/app.bsky.actor.profile/self', profile_cid FROM users WHERE profile_cid IS NOT NULL
        ORDER BY 1
        """;

    public const string StoredAccounts = "SELECT did, handle, status FROM users ORDER BY 1";

    /// <summary>Statements that select whatever a recount from the rows finds different; each must select nothing.</summary>
    public static IReadOnlyList<string> Differences { get; } =
    [
        Both("SELECT uri, likes, reposts, replies, quotes FROM post_counts", """
            SELECT uri,
                (SELECT count(DISTINCT actor) FROM likes WHERE subject_uri = p.uri),
                (SELECT count(DISTINCT actor) FROM reposts WHERE subject_uri = p.uri),
                (SELECT count(*) FROM posts r WHERE r.reply_parent = p.uri),
                (SELECT count(*) FROM posts q WHERE q.quoted_uri = p.uri)
            FROM posts p
            """),
        Both("SELECT did, posts, follows, followers FROM user_counts", """
            SELECT did, CAST(sum(posts) AS integer), CAST(sum(follows) AS integer), CAST(sum(followers) AS integer) FROM (
                SELECT author AS did, count(*) AS posts, 0 AS follows, 0 AS followers FROM posts GROUP BY author
                UNION ALL SELECT actor, 0, count(DISTINCT subject_did), 0 FROM follows GROUP BY actor
                UNION ALL SELECT subject_did, 0, 0, count(DISTINCT actor) FROM follows GROUP BY subject_did) x
            GROUP BY did
            """),
        Both("SELECT uri, type, post_uri, originator, sort_at FROM feed_items", """
            SELECT uri, CASE WHEN reply_parent IS NULL THEN 'post' ELSE 'reply' END, uri, author, CASE WHEN created_at < indexed_at THEN created_at ELSE indexed_at END FROM posts
            UNION ALL
            SELECT uri, 'repost', subject_uri, actor, CASE WHEN created_at < indexed_at THEN created_at ELSE indexed_at END FROM reposts r
            WHERE EXISTS (SELECT 1 FROM posts WHERE uri = r.subject_uri)
                AND NOT EXISTS (SELECT 1 FROM reposts e WHERE e.actor = r.actor AND e.subject_uri = r.subject_uri AND (e.rev, e.uri) < (r.rev, r.uri))
            """),
        Both("SELECT uri FROM likes WHERE counted", Earliest("likes", "subject_uri")),
        Both("SELECT uri FROM reposts WHERE counted", Earliest("reposts", "subject_uri")),
        Both("SELECT uri FROM follows WHERE counted", Earliest("follows", "subject_did")),
        Both("SELECT name, value FROM totals WHERE name IN ('posts', 'likes', 'reposts', 'follows', 'blocks', 'desynchronized') AND value <> 0", """
            SELECT * FROM (
                SELECT 'posts' AS name, count(*) AS value FROM posts UNION ALL SELECT 'likes', count(*) FROM likes
                UNION ALL SELECT 'reposts', count(*) FROM reposts UNION ALL SELECT 'follows', count(*) FROM follows
                UNION ALL SELECT 'blocks', count(*) FROM blocks
                UNION ALL SELECT 'desynchronized', count(*) FROM repo_state WHERE status = 'desynchronized') x
            WHERE value <> 0
            """),
    ];

    public static void AssertCounted(FirehoseDatabase database)
    {
        foreach (var difference in Differences) Assert.Empty(database.Query(difference));
    }

    private static string Earliest(string table, string subject) =>
        $"SELECT uri FROM {table} r WHERE NOT EXISTS (SELECT 1 FROM {table} e WHERE e.actor = r.actor AND e.{subject} = r.{subject} AND (e.rev, e.uri) < (r.rev, r.uri))";

    private static string Both(string stored, string recounted) =>
        $"SELECT 'stored', x.* FROM ({stored} EXCEPT SELECT * FROM ({recounted}) r) x UNION ALL SELECT 'recounted', x.* FROM (SELECT * FROM ({recounted}) r EXCEPT SELECT * FROM ({stored}) s) x";

    private static JsonDocument Read(string file)
    {
        using var bytes = File.OpenRead(file);
        if (!file.EndsWith(".gz", StringComparison.Ordinal)) return JsonDocument.Parse(bytes);
        using var text = new GZipStream(bytes, CompressionMode.Decompress);
        return JsonDocument.Parse(text);
    }
}
