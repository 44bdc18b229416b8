namespace Firehose.Storage;

/// <summary>
/// The counters that a batch changes, as signed deltas folded per key, fed with rows that really came or went. Everything is given out
/// in key order, so that two batches cannot wait for each other.
/// </summary>
internal sealed class CounterDeltas
{
    private readonly Dictionary<string, PostDelta> _posts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UserDelta> _users = new(StringComparer.Ordinal);
    private readonly HashSet<string> _putPosts = new(StringComparer.Ordinal), _reposted = new(StringComparer.Ordinal);
    private readonly long[] _rows = new long[Enum.GetValues<RecordTable>().Length];

    /// <summary>The posts that came and are still there, also in place of an older one.</summary>
    public IEnumerable<string> PutPosts => _putPosts.Order(StringComparer.Ordinal);

    /// <summary>The counters of posts that changed, and those of posts whose reposts changed hands.</summary>
    public IEnumerable<KeyValuePair<string, PostDelta>> Posts =>
        _posts.Where(post => post.Value != default || _reposted.Contains(post.Key)).OrderBy(post => post.Key, StringComparer.Ordinal);

    /// <summary>The counters of accounts that changed.</summary>
    public IEnumerable<KeyValuePair<string, UserDelta>> Users => _users.Where(user => user.Value != default).OrderBy(user => user.Key, StringComparer.Ordinal);

    /// <summary>Whether the post came in this batch.</summary>
    public bool IsPut(string uri) => _putPosts.Contains(uri);

    /// <summary>By how many rows a table grew.</summary>
    public long RowsOf(RecordTable table) => _rows[(int)table];

    /// <summary>A row came (1) or went (-1).</summary>
    public void Row(RecordTable table, int sign) => _rows[(int)table] += sign;

    /// <summary>A post came (1) or went (-1).</summary>
    public void Post(string uri, string author, string? replyParent, string? quoted, int sign)
    {
        if (sign > 0) _putPosts.Add(uri);
        else _putPosts.Remove(uri);
        Post(uri, new PostDelta(sign, 0, 0, 0, 0));
        User(author, new UserDelta(sign, 0, 0));
        if (replyParent is not null) Post(replyParent, new PostDelta(0, 0, 0, sign, 0));
        if (quoted is not null) Post(quoted, new PostDelta(0, 0, 0, 0, sign));
    }

    /// <summary>A counted like came or went.</summary>
    public void Like(string subject, int sign) => Post(subject, new PostDelta(0, sign, 0, 0, 0));

    /// <summary>A counted repost came or went.</summary>
    public void Repost(string subject, int sign)
    {
        _reposted.Add(subject);
        Post(subject, new PostDelta(0, 0, sign, 0, 0));
    }

    /// <summary>A counted follow came or went.</summary>
    public void Follow(string actor, string subject, int sign)
    {
        User(actor, new UserDelta(0, sign, 0));
        User(subject, new UserDelta(0, 0, sign));
    }

    private void Post(string uri, PostDelta delta) => _posts[uri] = _posts.GetValueOrDefault(uri) + delta;

    private void User(string did, UserDelta delta) => _users[did] = _users.GetValueOrDefault(did) + delta;
}

/// <summary>By how much the counters of a post change; <paramref name="Posts"/> is 1 when it came and -1 when it went.</summary>
internal readonly record struct PostDelta(int Posts, int Likes, int Reposts, int Replies, int Quotes)
{
    /// <summary>Whether the counters may all be zero afterwards.</summary>
    public bool Shrinks => Posts < 0 || Likes < 0 || Reposts < 0 || Replies < 0 || Quotes < 0;

    public static PostDelta operator +(PostDelta left, PostDelta right) =>
        new(left.Posts + right.Posts, left.Likes + right.Likes, left.Reposts + right.Reposts, left.Replies + right.Replies, left.Quotes + right.Quotes);
}

/// <summary>By how much the counters of an account change.</summary>
internal readonly record struct UserDelta(int Posts, int Follows, int Followers)
{
    /// <summary>Whether the counters may all be zero afterwards.</summary>
    public bool Shrinks => Posts < 0 || Follows < 0 || Followers < 0;

    public static UserDelta operator +(UserDelta left, UserDelta right) =>
        new(left.Posts + right.Posts, left.Follows + right.Follows, left.Followers + right.Followers);
}
