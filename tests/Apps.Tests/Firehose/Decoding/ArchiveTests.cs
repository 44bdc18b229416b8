using Firehose.Decoding;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Rows 67 and 68 of the bad-input catalogue, and what an archive may contain without harm.</summary>
public sealed class ArchiveTests
{
    private static readonly byte[] Post = TestFrame.Cbor(w => TestFrame.Map(w, ("text", x => x.WriteTextString("hello"))));
    private static readonly byte[] CommitBlock = TestFrame.CommitBlock();
    private static readonly FrameDecoderOptions Checking = new() { VerifyBlockHashes = true };
    private static byte[] Header => TestFrame.ArchiveHeader(1, Cid.Of(CommitBlock));

    [Fact]
    public void Order_duplicates_strays_and_links_in_circles_do_no_harm()
    {
        byte[] blocks = [.. Header, .. TestFrame.Block(Post), .. TestFrame.Block([0xf6]), .. TestFrame.Block(CommitBlock), .. TestFrame.Block(Post), .. TestFrame.Block(CommitBlock)];
        var frame = FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", Post), ("app.bsky.feed.post/b", Post)], blocks), Checking);
        Assert.All(frame.Ops, op => Assert.Equal(Post, op.Record.ToArray()));
        Assert.Equal(Cid.Of(TestFrame.EmptyTree), frame.Data);
    }

    [Fact]
    public void Two_hundred_operations_each_get_their_record()
    {
        var records = Enumerable.Range(0, 200).Select(i => ($"app.bsky.feed.post/{i}", TestFrame.Cbor(w => w.WriteInt64(i % 150)))).ToArray();
        var frame = FrameDecoder.Decode(TestFrame.Commit(records), Checking);
        Assert.Equal(records.Select(record => Convert.ToHexString(record.Item2)), frame.Ops.Select(op => Convert.ToHexString(op.Record.Span)));
    }

    [Fact]
    public void A_missing_record_is_empty_and_a_missing_commit_leaves_no_data()
    {
        var frame = FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", Post)], Header));
        Assert.True(Assert.Single(frame.Ops).Record.IsEmpty);
        Assert.True(frame.Data.IsDefault);
    }

    [Fact]
    public void A_record_of_odd_bytes_does_not_break_its_frame()
    {
        byte[] odd = [0xff, 0x00, 0xff];
        Assert.Equal(odd, Assert.Single(FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", odd)])).Ops).Record.ToArray());
    }

    [Fact]
    public void A_hundred_thousand_tiny_blocks_are_read_past()
    {
        var strays = Enumerable.Range(0, 100_000).SelectMany(i => TestFrame.Block(Cid.Of(BitConverter.GetBytes(i)), [0xf6]));
        byte[] blocks = [.. Header, .. TestFrame.Block(CommitBlock), .. strays, .. TestFrame.Block(Post)];
        Assert.Equal(Post, Assert.Single(FrameDecoder.Decode(TestFrame.Commit([("app.bsky.feed.post/a", Post)], blocks)).Ops).Record.ToArray());
    }

    [Fact]
    public void Blocks_with_foreign_names_are_read_past_unless_all_are_checked()
    {
        byte[][] foreign =
        [
            [0x01, 0x71, 0x00, 0x80, 0x80, 0x40, .. new byte[1 << 20]],   // the identity "hash" of 1 MiB
            [0x01, 0x70, 0x12, 0x20, .. new byte[32], 0xf6],              // another codec
            [0x01, 0x71, 0x13, 0x40, .. new byte[64], 0xf6],              // another hash
            [0x12, 0x20, .. new byte[32], 0xf6],                          // version 0
        ];
        foreach (var name in foreign)
        {
            var frame = TestFrame.Commit([], [.. Header, .. TestFrame.Section(name), .. TestFrame.Block(CommitBlock)]);
            Assert.Equal(Cid.Of(TestFrame.EmptyTree), FrameDecoder.Decode(frame).Data);
            AssertRefused("CAR010", frame, Checking);
        }
    }

    [Fact]
    public void Bytes_of_another_hash_are_refused_when_checked_only()
    {
        var frame = TestFrame.Commit([], [.. TestFrame.Archive([CommitBlock]), .. TestFrame.Block(Cid.Of(Post), CommitBlock)]);
        FrameDecoder.Decode(frame);
        AssertRefused("CAR010", frame, Checking);
    }

    [Fact]
    public void A_root_that_is_not_there_is_refused_when_checked_only()
    {
        var frame = TestFrame.Commit([], [.. Header, .. TestFrame.Block(Post)]);
        FrameDecoder.Decode(frame);
        AssertRefused("CAR006", frame, Checking);
    }

    [Fact]
    public void A_header_in_another_form_than_the_usual_names_its_first_root()
    {
        var root = Cid.Of(CommitBlock);
        foreach (var header in new[] { TestFrame.ArchiveHeader(1, root, Cid.Of(Post)), (byte[])[(byte)(Header[0] | 0x80), 0x00, .. Header[1..]] })
        {
            var frame = FrameDecoder.Decode(TestFrame.Commit([], [.. header, .. TestFrame.Block(CommitBlock)]), Checking);
            Assert.Equal(Cid.Of(TestFrame.EmptyTree), frame.Data);
        }
    }

    [Fact]
    public void Broken_archives_are_refused_with_a_code_and_a_place()
    {
        AssertBroken("CAR001", []);
        AssertBroken("CAR001", [.. Header, 0x80]);
        AssertBroken("CAR001", [.. Header, .. Enumerable.Repeat((byte)0x80, 10), 0x01]);
        AssertBroken("CAR002", [.. Header, 0x00]);
        AssertBroken("CAR002", [.. Header, 0x03, 0x02, 0x71, 0x12]);
        AssertBroken("CAR003", [.. Header, 0x7f, 0x01]);
        AssertBroken("CAR003", [.. Header, 0x80, 0x01, 0x01]);
        AssertBroken("CAR003", Header[..^1]);
        AssertBroken("CAR003", [.. Header, .. Enumerable.Repeat((byte)0xff, 9), 0x01]);
        AssertBroken("CAR004", TestFrame.ArchiveHeader(2, Cid.Of(CommitBlock)));
        AssertBroken("CAR004", TestFrame.ArchiveHeader(3, Cid.Of(CommitBlock)));
        AssertBroken("CAR004", TestFrame.Section([0x80]));
        AssertBroken("CAR005", TestFrame.ArchiveHeader(1));
    }

    private static void AssertBroken(string code, byte[] blocks) => AssertRefused(code, TestFrame.Commit([], blocks), null);

    private static void AssertRefused(string code, byte[] frame, FrameDecoderOptions? options)
    {
        var error = Assert.Throws<DecodingException>(() => FrameDecoder.Decode(frame, options));
        Assert.Equal(code, error.Code);
        Assert.InRange(error.Offset, 1, frame.Length);
    }
}
