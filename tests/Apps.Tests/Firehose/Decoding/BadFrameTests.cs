using System.Formats.Cbor;
using Firehose.Decoding;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Row 66 of the bad-input catalogue and the decoder's part of row 69: headers and bodies that make no frame.</summary>
public sealed class BadFrameTests
{
    [Fact]
    public void An_unknown_op_or_type_is_no_error_whatever_its_body()
    {
        Assert.Equal(FrameKind.Unknown, FrameDecoder.Decode((byte[])[.. TestFrame.Header(2, "#commit"), 0xff, 0xff]).Kind);
        Assert.Equal(FrameKind.Unknown, FrameDecoder.Decode((byte[])[.. TestFrame.Header(-2, null), 0xa0]).Kind);
        Assert.Equal(FrameKind.Unknown, FrameDecoder.Decode((byte[])[.. TestFrame.Header(1, "#tombstone"), 0xa0]).Kind);
        Assert.Equal(FrameKind.Unknown, FrameDecoder.Decode(TestFrame.Header(1, "")).Kind);
    }

    [Fact]
    public void Unknown_fields_are_read_past()
    {
        byte[] body = TestFrame.Body(("did", x => x.WriteTextString(TestFrame.Repo)), ("seq", x => x.WriteInt64(9)), ("handle", x => x.WriteNull()), ("ops", x => x.WriteInt64(1)));
        var frame = FrameDecoder.Decode((byte[])[.. TestFrame.Header(1, "#identity"), .. body]);
        Assert.Equal((FrameKind.Identity, 9L, TestFrame.Repo, null), (frame.Kind, frame.Seq, frame.Did, frame.Handle));
    }

    [Fact]
    public void Bytes_after_the_body_are_refused() =>
        AssertRefused("FRM001", [.. TestFrame.Commit([]), 0xf6]);

    [Fact]
    public void Two_headers_are_refused() =>
        AssertRefused("FRM001", [.. TestFrame.Header(), .. TestFrame.Header()]);

    [Fact]
    public void Headers_without_op_or_type_are_refused()
    {
        AssertRefused("FRM001", [0xa0, 0xa0]);
        AssertRefused("FRM001", [.. TestFrame.Header(1, null), 0xa0]);
        AssertRefused("CBR006", [.. TestFrame.Cbor(w => TestFrame.Map(w, ("op", x => x.WriteTextString("1")))), 0xa0]);
        AssertRefused("CBR006", [0x80, 0xa0]);
        AssertRefused("CBR001", []);
        AssertRefused("CBR001", TestFrame.Header());
    }

    [Theory]
    [InlineData("seq")]
    [InlineData("repo")]
    [InlineData("rev")]
    [InlineData("commit")]
    [InlineData("ops")]
    [InlineData("blocks")]
    public void A_commit_without_a_required_field_is_refused_by_name(string missing)
    {
        var error = AssertRefused("FRM001", [.. TestFrame.Header(), .. TestFrame.Body([.. CommitFields().Where(field => field.Key != missing)])]);
        Assert.Contains(missing, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("seq", 0L)]
    [InlineData("seq", -1L)]
    [InlineData("seq", 1L << 53)]
    [InlineData("repo", "plc:abc")]
    [InlineData("rev", "zzzzzzzzzzzzz")]
    [InlineData("since", "3n2w")]
    public void A_field_out_of_its_range_is_refused(string field, object value)
    {
        var fields = CommitFields().Where(one => one.Key != field).Append((field, w => Write(w, value)));
        AssertRefused("FRM001", [.. TestFrame.Header(), .. TestFrame.Body([.. fields])]);
    }

    [Theory]
    [InlineData("app.bsky.feed.post", "create")]
    [InlineData("app.bsky.feed.post/", "create")]
    [InlineData("/3n2wpyrj3ak27", "create")]
    [InlineData("app.bsky.feed.post/a/b", "create")]
    [InlineData("app.bsky.feed.post/..", "create")]
    [InlineData("app.bsky.feed.post/a", "move")]
    [InlineData("app.bsky.feed.post/a", "create")]   // without a CID
    public void An_operation_that_makes_no_sense_is_refused(string path, string action)
    {
        var fields = CommitFields().Where(one => one.Key != "ops").Append(("ops", w => TestFrame.Array(
            w,
            x => TestFrame.Map(x, ("cid", y => y.WriteNull()), ("path", y => y.WriteTextString(path)), ("action", y => y.WriteTextString(action))))));
        AssertRefused("FRM001", [.. TestFrame.Header(), .. TestFrame.Body([.. fields])]);
    }

    [Fact]
    public void A_frame_over_the_limit_is_refused_unread()
    {
        var frame = TestFrame.Commit([]);
        Assert.Equal(FrameKind.Commit, FrameDecoder.Decode(frame, new FrameDecoderOptions { MaxFrameBytes = frame.Length }).Kind);
        var error = Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame, new FrameDecoderOptions { MaxFrameBytes = frame.Length - 1 }));
        Assert.Equal("FRM010", error.Code);
        AssertRefused("FRM010", new byte[5_000_001]);
    }

    private static DecodingException AssertRefused(string code, byte[] frame)
    {
        var error = Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame));
        Assert.Equal(code, error.Code);
        return error;
    }

    private static List<(string Key, Action<CborWriter> Value)> CommitFields()
    {
        var commit = TestFrame.CommitBlock();
        return
        [
            ("seq", x => x.WriteInt64(7)),
            ("repo", x => x.WriteTextString(TestFrame.Repo)),
            ("rev", x => x.WriteTextString(TestFrame.Rev)),
            ("commit", x => TestFrame.Link(x, Cid.Of(commit))),
            ("ops", x => TestFrame.Array(x)),
            ("blocks", x => x.WriteByteString(TestFrame.Archive([commit]))),
        ];
    }

    private static void Write(CborWriter writer, object value)
    {
        if (value is long number) writer.WriteInt64(number);
        else writer.WriteTextString((string)value);
    }
}
