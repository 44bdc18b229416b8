using Firehose.Decoding;

namespace Firehose.Records;

/// <summary>Decodes a record straight into the type of its table, without a tree between.</summary>
/// <remarks>
/// Required, else the record does not fit: DAG-CBOR, `$type` equal to the collection, a post's `text`, the `subject` of a like, repost (URI and
/// CID), follow and block (DID). Everything else is optional, and an optional field of a wrong type is as good as missing: one
/// odd field must not cost the record. `createdAt` that is no date-time, or missing, is null. Lengths are not enforced.
/// </remarks>
internal static class RecordReader
{
    /// <summary>Decodes <paramref name="cbor"/>; null when the collection has no table.</summary>
    /// <exception cref="RecordException">The record does not fit its table, or its block is missing (empty <paramref name="cbor"/>).</exception>
    public static Record? Read(string collection, ReadOnlyMemory<byte> cbor)
    {
        if (collection is not (Collections.Post or Collections.Like or Collections.Repost or Collections.Follow or Collections.Block or Collections.Profile))
            return null;
        if (cbor.IsEmpty) throw new RecordException($"{collection}: the commit came without the record's block.");
        var fields = new RecordFields(cbor.Span, collection);
        try
        {
            return collection switch
            {
                Collections.Post => PostReader.Read(ref fields),
                Collections.Like => ReadLike(ref fields),
                Collections.Repost => ReadRepost(ref fields),
                Collections.Follow => ReadFollow(ref fields),
                Collections.Block => ReadBlock(ref fields),
                _ => ReadProfile(ref fields),
            };
        }
        catch (DecodingException error)
        {
            throw new RecordException($"{collection}: {error.Message}.", error);
        }
    }

    private static Record.Like ReadLike(ref RecordFields fields)
    {
        ReadReference(ref fields, out var uri, out var cid, out var createdAt);
        return new Record.Like(uri, cid, createdAt);
    }

    private static Record.Repost ReadRepost(ref RecordFields fields)
    {
        ReadReference(ref fields, out var uri, out var cid, out var createdAt);
        return new Record.Repost(uri, cid, createdAt);
    }

    private static Record.Follow ReadFollow(ref RecordFields fields)
    {
        ReadRelation(ref fields, out var did, out var createdAt);
        return new Record.Follow(did, createdAt);
    }

    private static Record.Block ReadBlock(ref RecordFields fields)
    {
        ReadRelation(ref fields, out var did, out var createdAt);
        return new Record.Block(did, createdAt);
    }

    private static void ReadReference(ref RecordFields fields, out string uri, out string cid, out DateTimeOffset? createdAt)
    {
        (uri, cid, createdAt) = ("", "", null);
        while (fields.Next(out var key))
        {
            if (key.SequenceEqual("subject"u8)) (uri, cid) = fields.RequiredReference("subject");
            else if (key.SequenceEqual("createdAt"u8)) createdAt = fields.DateTime();
            else fields.Skip();
        }
        if (uri.Length == 0) fields.Missing("subject");
    }

    private static void ReadRelation(ref RecordFields fields, out string did, out DateTimeOffset? createdAt)
    {
        (did, createdAt) = ("", null);
        while (fields.Next(out var key))
        {
            if (key.SequenceEqual("subject"u8)) did = fields.RequiredDid("subject");
            else if (key.SequenceEqual("createdAt"u8)) createdAt = fields.DateTime();
            else fields.Skip();
        }
        if (did.Length == 0) fields.Missing("subject");
    }

    private static Record.Profile ReadProfile(ref RecordFields fields)
    {
        var (name, description, avatar, banner, pinned) = (default(string), default(string), default(string), default(string), default(string));
        while (fields.Next(out var key))
        {
            if (key.SequenceEqual("displayName"u8)) name = fields.Text();
            else if (key.SequenceEqual("description"u8)) description = fields.Text();
            else if (key.SequenceEqual("avatar"u8)) avatar = fields.Blob();
            else if (key.SequenceEqual("banner"u8)) banner = fields.Blob();
            else if (key.SequenceEqual("pinnedPost"u8)) pinned = fields.ReferenceUri();
            else fields.Skip();
        }
        return new Record.Profile(name, description, avatar, banner, pinned);
    }
}
