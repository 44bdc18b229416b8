using System.Formats.Cbor;
using Firehose.Decoding;
using Firehose.Reading;
using Firehose.Records;
using static Apps.Tests.Firehose.TestFrame;
using Record = Firehose.Records.Record;

namespace Apps.Tests.Firehose.Records;

public sealed class RecordReaderTests
{
    private const string Uri = "at://did:plc:stauwswnu2ngh6kav452cpse/app.bsky.feed.post/3n2wpyrj3ak27";
    private const string CidText = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq";

    [Fact]
    public void Every_recorded_record_of_a_table_is_read()
    {
        var ops = RecordedFrames.Read(TestData.PathOf("firehose", "bench.frames.gz"))
            .SelectMany(bytes => FrameDecoder.Decode(bytes).Ops).Where(op => op.Action != RepoAction.Delete).ToList();
        var (read, skipped, refused) = (0, 0, new List<string>());
        foreach (var op in ops)
        {
            try
            {
                if (RecordReader.Read(op.Collection, op.Record) is null) skipped++;
                else read++;
            }
            catch (RecordException error)
            {
                refused.Add(error.Message);
            }
        }
        Assert.Equal(ops.Count(op => op.Collection is Collections.Post or Collections.Like or Collections.Repost or Collections.Follow or Collections.Block or Collections.Profile), read + refused.Count);
        Assert.Equal(ops.Count, read + skipped + refused.Count);
        Assert.True(read > 10_000);
        Assert.All(refused, message => Assert.Matches(@"^app\.bsky\.\w+\.\w+: .+\.$", message));
    }

    [Fact]
    public void A_collection_without_a_table_is_null_whatever_the_bytes() =>
        Assert.Null(RecordReader.Read("org.example.thing", new byte[] { 0xff }));

    [Fact]
    public void A_post_has_all_its_fields()
    {
        var post = Assert.IsType<Record.Post>(Read(
            Collections.Post,
            ("text", Text("a\0b")),
            ("createdAt", Text("2025-06-01T00:00:00.700+02:00")),
            ("langs", w => Array(w, Text("de"), Text("en"), Text("fr"), Text("it"))),
            ("tags", w => Array(w, Text("x\0"))),
            ("reply", w => Map(w, ("root", Reference(Uri + "1")), ("parent", Reference(Uri + "2")))),
            ("embed", w => Map(
                w,
                ("$type", Text("app.bsky.embed.recordWithMedia")),
                ("media", x => Map(x, ("alt", Text("nul \0")), ("ref", y => Link(y, Cid.Of([1], Cid.Raw))), ("raw", y => y.WriteByteString([1, 2, 3, 4])))),
                ("record", x => Map(x, ("$type", Text("app.bsky.embed.record")), ("record", Reference(Uri)))))),
            ("facets", w => Array(w, x => Map(x, ("index", y => y.WriteInt64(-1)), ("on", y => y.WriteBoolean(true)), ("off", y => y.WriteNull()))))));
        Assert.Equal("a\uFFFDb", post.Text);
        Assert.Equal(new DateTimeOffset(2025, 5, 31, 22, 0, 0, 700, TimeSpan.Zero), post.CreatedAt);
        Assert.Equal(["de", "en", "fr"], post.Langs!);
        Assert.Equal(["x\uFFFD"], post.Tags!);
        Assert.Equal((Uri + "1", Uri + "2", Uri), (post.ReplyRoot, post.ReplyParent, post.QuotedUri));
        Assert.Equal(
            """{"$type":"app.bsky.embed.recordWithMedia","media":{"alt":"nul NUL","raw":{"$bytes":"AQIDBA"},"ref":{"$link":"BLOB"}},"record":{"$type":"app.bsky.embed.record","record":{"cid":"CID","uri":"URI"}}}"""
                .Replace("NUL", "\uFFFD", StringComparison.Ordinal).Replace("BLOB", Cid.Of([1], Cid.Raw).ToString(), StringComparison.Ordinal)
                .Replace("CID", CidText, StringComparison.Ordinal).Replace("URI", Uri, StringComparison.Ordinal),
            post.EmbedJson);
        Assert.Equal("""[{"on":true,"off":null,"index":-1}]""", post.FacetsJson);
    }

    [Fact]
    public void A_quote_is_a_post_and_nothing_else()
    {
        Assert.Equal(Uri, Quote("app.bsky.embed.record", Reference(Uri)));
        Assert.Null(Quote("app.bsky.embed.record", Reference("at://did:plc:abc/app.bsky.feed.generator/x")));
        Assert.Null(Quote("app.bsky.embed.external", Reference(Uri)));
        Assert.Null(Quote("app.bsky.embed.record", Text(Uri)));
        static string? Quote(string type, Action<CborWriter> record) =>
            ((Record.Post)Read(Collections.Post, ("text", Text("")), ("embed", w => Map(w, ("$type", Text(type)), ("record", record))))!).QuotedUri;
    }

    [Fact]
    public void Optional_fields_of_a_wrong_type_are_as_good_as_missing()
    {
        Action<CborWriter> number = w => w.WriteInt64(12);
        var post = (Record.Post)Read(
            Collections.Post,
            ("text", Text("")),
            ("createdAt", number),
            ("langs", w => Array(w, Text("de"), number)),
            ("tags", Text("x")),
            ("reply", w => Map(w, ("root", Reference(Uri)), ("parent", Text("x")))),
            ("embed", Text("x")),
            ("facets", w => Map(w)))!;
        Assert.Equal(new Record.Post { Text = "" }, post);
        Assert.Equal(
            new Record.Profile(null, null, null, null, null),
            Read(Collections.Profile, ("displayName", number), ("description", number), ("avatar", Text("x")), ("banner", w => Map(w, ("ref", number))), ("pinnedPost", number)));
        Assert.Null(((Record.Like)Read(Collections.Like, ("subject", Reference(Uri)), ("createdAt", Text("yesterday")))!).CreatedAt);
    }

    [Fact]
    public void A_profile_takes_blobs_of_both_forms()
    {
        var picture = Cid.Of([1, 2, 3], Cid.Raw);
        var profile = Assert.IsType<Record.Profile>(Read(
            Collections.Profile,
            ("displayName", Text("\0")),
            ("avatar", w => Map(w, ("$type", Text("blob")), ("ref", x => Link(x, picture)), ("mimeType", Text("image/png")), ("size", x => x.WriteInt64(3)))),
            ("banner", w => Map(w, ("cid", Text(picture.ToString())), ("mimeType", Text("image/png")))),
            ("pinnedPost", Reference(Uri))));
        Assert.Equal(new Record.Profile("\uFFFD", null, picture.ToString(), picture.ToString(), Uri), profile);
        Assert.StartsWith("bafkrei", profile.Avatar, StringComparison.Ordinal);
    }

    [Fact]
    public void Likes_reposts_follows_and_blocks_have_their_subject()
    {
        Assert.Equal(new Record.Like(Uri, CidText, null), Read(Collections.Like, ("subject", Reference(Uri))));
        Assert.Equal(new Record.Repost(Uri, CidText, null), Read(Collections.Repost, ("subject", Reference(Uri)), ("via", Reference(Uri))));
        Assert.Equal(new Record.Follow(Repo, null), Read(Collections.Follow, ("subject", Text(Repo))));
        Assert.Equal(new Record.Block(Repo, null), Read(Collections.Block, ("subject", Text(Repo))));
    }

    [Fact]
    public void A_record_that_does_not_fit_says_which_field_what_it_got_and_what_is_allowed()
    {
        AssertRefused("app.bsky.feed.post: text must be text, got the integer 12.", Collections.Post, ("text", w => w.WriteInt64(12)));
        AssertRefused("app.bsky.feed.post: text is missing, which every record of this collection must have.", Collections.Post);
        AssertRefused("app.bsky.feed.like: subject is missing, which every record of this collection must have.", Collections.Like);
        AssertRefused("app.bsky.feed.like: subject must be a map of uri and cid, got the text \"x\".", Collections.Like, ("subject", Text("x")));
        AssertRefused("app.bsky.feed.repost: subject.uri must be an at-URI, got \"http://x\".", Collections.Repost, ("subject", Reference("http://x")));
        AssertRefused("app.bsky.feed.like: subject.cid must be a CID as text, got none.", Collections.Like, ("subject", w => Map(w, ("uri", Text(Uri)))));
        AssertRefused("app.bsky.graph.follow: subject must be a DID, got \"me\".", Collections.Follow, ("subject", Text("me")));
        AssertRefused("app.bsky.graph.block: subject must be a DID, got null.", Collections.Block, ("subject", w => w.WriteNull()));
        AssertRefused("app.bsky.actor.profile: $type must be the record's collection, got \"app.bsky.feed.post\".", Collections.Profile, ("$type", Text(Collections.Post)));
    }

    [Fact]
    public void Bytes_that_are_no_record_are_refused_as_a_record()
    {
        byte[] post = Cbor(w => Map(w, ("$type", Text(Collections.Post)), ("text", Text(""))));
        RecordReader.Read(Collections.Post, post);
        foreach (byte[] bad in (byte[][])[[], [0xff], [0x01], [0xa0], post[..^1], [.. post, 0xf6]])
            Assert.Throws<RecordException>(() => RecordReader.Read(Collections.Post, bad));
    }

    private static void AssertRefused(string message, string collection, params (string Key, Action<CborWriter> Value)[] fields) =>
        Assert.Equal(message, Assert.Throws<RecordException>(() => Read(collection, fields)).Message);

    private static Record? Read(string collection, params (string Key, Action<CborWriter> Value)[] fields)
    {
        var typed = fields.Any(field => field.Key == "$type") ? fields : [.. fields, ("$type", Text(collection))];
        return RecordReader.Read(collection, Cbor(w => Map(w, typed)));
    }

    private static Action<CborWriter> Text(string text) => w => w.WriteTextString(text);

    private static Action<CborWriter> Reference(string uri) => w => Map(w, ("uri", Text(uri)), ("cid", Text(CidText)));
}
