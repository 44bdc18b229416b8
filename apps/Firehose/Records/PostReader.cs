using System.Text;
using Firehose.Decoding;

namespace Firehose.Records;

/// <summary>Decodes posts, whose embeds and facets are kept as JSON.</summary>
internal static class PostReader
{
    private const int MaxLangs = 3, MaxTags = 8;

    public static Record.Post Read(ref RecordFields fields)
    {
        var (text, embed, facets, quoted) = (default(string), default(string), default(string), default(string));
        var (root, parent, createdAt) = (default(string), default(string), default(DateTimeOffset?));
        var (langs, tags) = (default(string[]), default(string[]));
        while (fields.Next(out var key))
        {
            if (key.SequenceEqual("text"u8)) text = fields.RequiredText("text");
            else if (key.SequenceEqual("createdAt"u8)) createdAt = fields.DateTime();
            else if (key.SequenceEqual("langs"u8)) langs = fields.Texts(MaxLangs);
            else if (key.SequenceEqual("tags"u8)) tags = fields.Texts(MaxTags);
            else if (key.SequenceEqual("embed"u8)) embed = ReadEmbed(ref fields, out quoted);
            else if (key.SequenceEqual("reply"u8)) ReadReply(ref fields, out root, out parent);
            else if (key.SequenceEqual("facets"u8)) facets = fields.Json(CborKind.Array);
            else fields.Skip();
        }
        if (text is null) fields.Missing("text");
        return new Record.Post
        {
            Text = text!,
            CreatedAt = createdAt,
            Langs = langs,
            Tags = tags,
            ReplyRoot = root,
            ReplyParent = parent,
            EmbedJson = embed,
            FacetsJson = facets,
            QuotedUri = quoted,
        };
    }

    /// <summary>A reply names both root and parent; with one alone the post is no reply.</summary>
    private static void ReadReply(ref RecordFields fields, out string? root, out string? parent)
    {
        (root, parent) = (null, null);
        if (!fields.Enters(out var map)) return;
        while (fields.NextIn(ref map, out var key))
        {
            if (key.SequenceEqual("root"u8)) root = fields.ReferenceUri();
            else if (key.SequenceEqual("parent"u8)) parent = fields.ReferenceUri();
            else fields.Skip();
        }
        if (root is null || parent is null) (root, parent) = (null, null);
    }

    private static string? ReadEmbed(ref RecordFields fields, out string? quoted)
    {
        var again = fields;
        var json = fields.Json(CborKind.Map);
        quoted = json is null ? null : ReadQuote(ref again, nested: false);
        return json;
    }

    /// <summary>
    /// Finds the post that an embed quotes: `record.uri` of an `app.bsky.embed.record`, which a `recordWithMedia` holds in its own `record`.
    /// Embedded lists, feeds and labelers are no quotes.
    /// </summary>
    private static string? ReadQuote(ref RecordFields fields, bool nested)
    {
        var (uri, withMedia) = (default(string), false);
        if (!fields.Enters(out var map)) return null;
        while (fields.NextIn(ref map, out var key))
        {
            if (key.SequenceEqual("$type"u8))
            {
                var type = fields.Utf8Text();
                withMedia = !nested && type.SequenceEqual("app.bsky.embed.recordWithMedia"u8);
                if (!withMedia && !type.SequenceEqual("app.bsky.embed.record"u8)) return null;
            }
            else if (key.SequenceEqual("record"u8))   // sorts behind $type
            {
                uri = withMedia ? ReadQuote(ref fields, nested: true) : ReadPostUri(ref fields);
            }
            else
            {
                fields.Skip();
            }
        }
        return uri;
    }

    private static string? ReadPostUri(ref RecordFields fields)
    {
        fields.Reference(out var uri, out _);
        return AtUri.IsRecordOf(uri, "app.bsky.feed.post"u8) ? Encoding.Latin1.GetString(uri) : null;
    }
}
