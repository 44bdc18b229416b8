namespace Firehose.Records;

/// <summary>A record of a collection that has a table, with the fields worth storing. Closed: the store has a case for each.</summary>
public abstract record Record
{
    private Record()
    {
    }

    /// <summary>`app.bsky.feed.post`.</summary>
    public sealed record Post : Record
    {
        /// <summary>May be empty; U+0000 is already U+FFFD.</summary>
        public required string Text { get; init; }

        /// <summary>As the client declared it; null when missing or no date-time.</summary>
        public DateTimeOffset? CreatedAt { get; init; }

        /// <summary>Up to three language tags, or null.</summary>
        public IReadOnlyList<string>? Langs { get; init; }

        /// <summary>Up to eight tags, or null.</summary>
        public IReadOnlyList<string>? Tags { get; init; }

        /// <summary>at-URI of the thread's first post, for a reply.</summary>
        public string? ReplyRoot { get; init; }

        /// <summary>at-URI of the post replied to, for a reply.</summary>
        public string? ReplyParent { get; init; }

        /// <summary>The embed as lex-json, or null.</summary>
        public string? EmbedJson { get; init; }

        /// <summary>The facets as lex-json, or null.</summary>
        public string? FacetsJson { get; init; }

        /// <summary>at-URI of the post quoted by the embed (record or recordWithMedia), or null.</summary>
        public string? QuotedUri { get; init; }
    }

    /// <summary>`app.bsky.feed.like`.</summary>
    public sealed record Like(string SubjectUri, string SubjectCid, DateTimeOffset? CreatedAt) : Record;

    /// <summary>`app.bsky.feed.repost`.</summary>
    public sealed record Repost(string SubjectUri, string SubjectCid, DateTimeOffset? CreatedAt) : Record;

    /// <summary>`app.bsky.graph.follow`.</summary>
    public sealed record Follow(string SubjectDid, DateTimeOffset? CreatedAt) : Record;

    /// <summary>`app.bsky.graph.block`.</summary>
    public sealed record Block(string SubjectDid, DateTimeOffset? CreatedAt) : Record;

    /// <summary>`app.bsky.actor.profile`; blob members hold the blob's CID as text.</summary>
    public sealed record Profile(string? DisplayName, string? Description, string? Avatar, string? Banner, string? PinnedPostUri) : Record;
}

/// <summary>A record does not fit its table; the message says which field, got and allowed.</summary>
public sealed class RecordException(string message, Exception? cause = null) : Exception(message, cause);
