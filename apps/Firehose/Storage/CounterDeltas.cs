namespace Firehose.Storage;

/// <summary>
/// The counters that a batch changes, as signed deltas folded per key, fed with rows that really came or went. A post that came in this
/// batch is counted afresh instead, since likes, reposts, replies and quotes may have come before it.
/// </summary>
internal sealed class CounterDeltas
{
    private readonly Dictionary<string, PostDelta> _posts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UserDelta> _users = new(StringComparer.Ordinal);
    private readonly HashSet<string> _newPosts = new(StringComparer.Ordinal);
    private readonly long[] _rows = new long[Enum.GetValues<RecordTable>().Length];

    /// <summary>The posts that came and are still there, in key order.</summary>
    public IEnumerable<string> NewPosts => _newPosts.Order(StringComparer.Ordinal);

    /// <summary>The counters of other posts, in key order so that two batches cannot wait for each other.</summary>
    public IEnumerable<KeyValuePair<string, PostDelta>> Posts =>
        _posts.Where(post => post.Value != default && !_newPosts.Contains(post.Key)).OrderBy(post => post.Key, StringComparer.Ordinal);

    /// <summary>The counters of accounts, in key order.</summary>
    public IEnumerable<KeyValuePair<string, UserDelta>> Users => _users.Where(user => user.Value != default).OrderBy(user => user.Key, StringComparer.Ordinal);

    /// <summary>By how many rows a table grew.</summary>
    public long RowsOf(RecordTable table) => _rows[(int)table];

    /// <summary>A row came (1) or went (-1).</summary>
    public void Row(RecordTable table, int sign) => _rows[(int)table] += sign;

    /// <summary>A post came (1) or went (-1).</summary>
    public void Post(string uri, string author, string? replyParent, string? quoted, int sign)
    {
        if (sign > 0) _newPosts.Add(uri);
        else _newPosts.Remove(uri);
        User(author, new UserDelta(sign, 0, 0));
        if (replyParent is not null) Post(replyParent, new PostDelta(0, 0, sign, 0));
        if (quoted is not null) Post(quoted, new PostDelta(0, 0, 0, sign));
    }

    /// <summary>A counted like came or went.</summary>
    public void Like(string subject, int sign) => Post(subject, new PostDelta(sign, 0, 0, 0));

    /// <summary>A counted repost came or went.</summary>
    public void Repost(string subject, int sign) => Post(subject, new PostDelta(0, sign, 0, 0));

    /// <summary>A counted follow came or went.</summary>
    public void Follow(string actor, string subject, int sign)
    {
        User(actor, new UserDelta(0, sign, 0));
        User(subject, new UserDelta(0, 0, sign));
    }

    private void Post(string uri, PostDelta delta) => _posts[uri] = _posts.GetValueOrDefault(uri) + delta;

    private void User(string did, UserDelta delta) => _users[did] = _users.GetValueOrDefault(did) + delta;
}

/// <summary>By how much the counters of a post change.</summary>
internal readonly record struct PostDelta(long Likes, long Reposts, long Replies, long Quotes)
{
    public static PostDelta operator +(PostDelta left, PostDelta right) =>
        new(left.Likes + right.Likes, left.Reposts + right.Reposts, left.Replies + right.Replies, left.Quotes + right.Quotes);
}

/// <summary>By how much the counters of an account change.</summary>
internal readonly record struct UserDelta(long Posts, long Follows, long Followers)
{
    /// <summary>Whether the counters may all be zero afterwards.</summary>
    public bool Shrinks => Posts < 0 || Follows < 0 || Followers < 0;

    public static UserDelta operator +(UserDelta left, UserDelta right) =>
        new(left.Posts + right.Posts, left.Follows + right.Follows, left.Followers + right.Followers);
}
