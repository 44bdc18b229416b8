using System.Buffers;
using Firehose.Decoding;
using Firehose.Reading;

namespace Apps.Tests.Firehose.Decoding;

public sealed class FrameBodyTests
{
    [Theory]
    [InlineData("small.frames")]
    [InlineData("edge-future.frames")]
    [InlineData("edge-outdated.frames")]
    [InlineData("edge-slow.frames")]
    public void Every_recorded_frame_comes_back_as_it_was(string file)
    {
        foreach (var bytes in RecordedFrames.Read(TestData.PathOf("firehose", file)))
            AssertSame(FrameDecoder.Decode(bytes), FrameBody.Read(Written(FrameDecoder.Decode(bytes))));
    }

    [Fact]
    public void Records_are_slices_of_the_body()
    {
        var body = Written(FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", [0xf5])])));
        var frame = FrameBody.Read(body);
        body[^1] = 0xf4;
        Assert.Equal(0xf4, Assert.Single(frame.Ops).Record.Span[0]);
    }

    [Fact]
    public void An_unusual_collection_and_long_texts_come_back_too()
    {
        var frame = new Frame
        {
            Kind = FrameKind.Identity,
            Seq = long.MaxValue,
            Did = "did:web:" + new string('ü', 5000),
            Handle = "",
            Ops = [new RepoOp(RepoAction.Delete, "org.example.thing", "key", default, default) { Prev = Cid.Of([1], Cid.Raw) }],
        };
        AssertSame(frame, FrameBody.Read(Written(frame)));
    }

    [Fact]
    public void Half_a_body_and_more_than_a_body_are_refused()
    {
        var body = Written(FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", [0xf5])])));
        for (var length = 0; length < body.Length; length++)
            Assert.Equal("BDY001", Assert.Throws<DecodingException>(() => FrameBody.Read(body.AsMemory(0, length))).Code);
        Assert.Throws<DecodingException>(() => FrameBody.Read((byte[])[.. body, 0]));
    }

    [Theory]
    [InlineData("02")]                         // a newer version
    [InlineData("0109")]                       // an unknown kind
    [InlineData("0101ff7f")]                   // unknown parts
    [InlineData("010100ffffffffffffffffff01")] // a negative seq
    [InlineData("010100010000ffffffff7f")]     // more operations than bytes
    [InlineData("01010001ffffffffffffffff7f")] // text longer than the body
    [InlineData("0101000101ff00")]             // no UTF-8
    public void Garbage_is_refused(string hex) =>
        Assert.Equal("BDY001", Assert.Throws<DecodingException>(() => FrameBody.Read(Convert.FromHexString(hex))).Code);

    internal static byte[] Written(Frame frame)
    {
        var output = new ArrayBufferWriter<byte>();
        FrameBody.Write(frame, output);
        return output.WrittenSpan.ToArray();
    }

    internal static void AssertSame(Frame expected, Frame actual)
    {
        Assert.Equal(
            (expected.Kind, expected.Seq, expected.Did, expected.Time, expected.Rev, expected.Since),
            (actual.Kind, actual.Seq, actual.Did, actual.Time, actual.Rev, actual.Since));
        Assert.Equal((expected.Commit, expected.PrevData, expected.Data), (actual.Commit, actual.PrevData, actual.Data));
        Assert.Equal(
            (expected.Handle, expected.Active, expected.Status, expected.Name, expected.Message),
            (actual.Handle, actual.Active, actual.Status, actual.Name, actual.Message));
        Assert.Equal(expected.Ops.Count, actual.Ops.Count);
        foreach (var (wanted, got) in expected.Ops.Zip(actual.Ops))
        {
            Assert.Equal((wanted.Action, wanted.Collection, wanted.RecordKey, wanted.Cid, wanted.Prev), (got.Action, got.Collection, got.RecordKey, got.Cid, got.Prev));
            Assert.True(wanted.Record.Span.SequenceEqual(got.Record.Span));
        }
    }
}
