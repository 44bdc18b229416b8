namespace Firehose.Storage.Postgres;

/// <summary>The feed items that change with the reposts that count and with the posts that are here; a post that comes brings its own.</summary>
internal sealed class PostgresFeed
{
    private readonly HashSet<string> _counting = new(StringComparer.Ordinal), _gone = new(StringComparer.Ordinal);

    /// <summary>A repost counts from now on (1) or no longer (-1).</summary>
    public void Repost(string uri, int sign)
    {
        if (sign < 0) _gone.Add(uri);
        if (sign < 0) _counting.Remove(uri);
        else _counting.Add(uri);
    }

    /// <summary>Writes the items, behind the posts' counters.</summary>
    public void Write(RoundTrip trip, IReadOnlyList<KeyValuePair<string, PostDelta>> posts)
    {
        List<string> gone = [.. from post in posts where post.Value.Posts < 0 select post.Key];
        List<string> came = [.. from post in posts where post.Value.Posts > 0 select post.Key];
        List<string> lost = [.. gone, .. _gone], counting = [.. _counting];
        if (lost.Count > 0) trip.Add("delete_feed_items", Column.Text(lost, uri => uri), Column.Text(gone, uri => uri));
        if (counting.Count + came.Count > 0) trip.Add("insert_repost_feed_items", Column.Text(counting, uri => uri), Column.Text(came, uri => uri));
    }
}
