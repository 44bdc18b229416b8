namespace Firehose.Storage;

/// <summary>The tables that records go to, one for each handled collection.</summary>
internal enum RecordTable
{
    Posts,
    Likes,
    Reposts,
    Follows,
    Blocks,
    Profiles,
}

/// <summary>Which collection goes to which table.</summary>
internal static class RecordTables
{
    /// <summary>The table of <paramref name="collection"/>, or null when it has none.</summary>
    public static RecordTable? Of(string collection) => collection switch
    {
        "app.bsky.feed.post" => RecordTable.Posts,
        "app.bsky.feed.like" => RecordTable.Likes,
        "app.bsky.feed.repost" => RecordTable.Reposts,
        "app.bsky.graph.follow" => RecordTable.Follows,
        "app.bsky.graph.block" => RecordTable.Blocks,
        "app.bsky.actor.profile" => RecordTable.Profiles,
        _ => null,
    };
}
