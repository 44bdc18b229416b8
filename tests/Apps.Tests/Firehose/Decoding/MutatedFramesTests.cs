using CsCheck;
using Firehose.Decoding;
using Firehose.Reading;
using Firehose.Records;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Whatever happens to a frame's bytes, the decoder answers with a frame or a <see cref="DecodingException"/>, and with little memory.</summary>
public sealed class MutatedFramesTests
{
    private static readonly FrameDecoderOptions Checking = new() { VerifyBlockHashes = true };

    private static readonly byte[][] Frames =
    [
        .. RecordedFrames.Read(TestData.PathOf("firehose", "small.frames")).Where((_, i) => i % 10 == 0).Select(frame => frame.ToArray()),
        .. RecordedFrames.Read(TestData.PathOf("firehose", "edge-outdated.frames")).Select(frame => frame.ToArray()),
    ];

    private static readonly byte[][] Bodies = [.. Frames.Select(frame => FrameBodyTests.Written(FrameDecoder.Decode(frame)))];

    [Fact]
    public void Damaged_frames_are_refused_or_read_and_never_cost_much_memory() =>
        Damaged(Frames).Sample(bytes => AssertBounded(bytes, () => FrameDecoder.Decode(bytes)), iter: 20_000, threads: 1);

    [Fact]
    public void Damaged_frames_that_still_read_survive_being_stored() =>
        Damaged(Frames).Sample(
            bytes =>
            {
                if (Try(() => FrameDecoder.Decode(bytes)) is { } frame) FrameBodyTests.AssertSame(frame, FrameBody.Read(FrameBodyTests.Written(frame)));
            },
            iter: 5_000,
            threads: 1);

    [Fact]
    public void Damage_inside_the_blocks_never_passes_the_check_of_hashes() =>
        Gen.Select(OneOf(Frames), Gen.UInt, Gen.Byte[1, 255]).Sample(
            (whole, place, flip) =>
            {
                var bytes = whole.ToArray();
                var before = FrameDecoder.Decode(whole, Checking);
                bytes[place % bytes.Length] ^= flip;
                if (Try(() => FrameDecoder.Decode(bytes, Checking)) is { } frame)
                    Assert.All(frame.Ops, op => Assert.True(op.Record.IsEmpty || op.Cid.Names(op.Record.Span), $"seq {before.Seq}"));
            },
            iter: 5_000,
            threads: 1);

    [Fact]
    public void Damaged_bodies_are_refused_or_read_and_never_cost_much_memory() =>
        Damaged(Bodies).Sample(bytes => AssertBounded(bytes, () => FrameBody.Read(bytes)), iter: 20_000, threads: 1);

    [Fact]
    public void Damaged_records_fit_or_are_refused_as_records()
    {
        var records = Frames.SelectMany(frame => FrameDecoder.Decode(frame).Ops).Where(op => !op.Record.IsEmpty).Select(op => (op.Collection, Bytes: op.Record.ToArray())).ToArray();
        Gen.Select(OneOf(records), Damage).Sample(
            (record, damage) =>
            {
                try
                {
                    RecordReader.Read(record.Collection, damage(record.Bytes));
                }
                catch (RecordException)
                {
                    // the only other answer there is
                }
            },
            iter: 20_000,
            threads: 1);
    }

    private static Gen<T> OneOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<byte[]> Damaged(byte[][] originals) => Gen.Select(OneOf(originals), Damage, (bytes, damage) => damage(bytes));

    /// <summary>One to four times: a byte changed, bytes cut out, doubled or put in, or a huge length written over.</summary>
    private static Gen<Func<byte[], byte[]>> Damage =>
        Gen.Select(Gen.Int[0, 4], Gen.UInt, Gen.Byte, Gen.Int[1, 40]).List[1, 4].Select(steps => new Func<byte[], byte[]>(bytes => steps.Aggregate(bytes, Apply)));

    private static byte[] Apply(byte[] bytes, (int What, uint Place, byte Value, int Length) step)
    {
        if (bytes.Length == 0) return [step.Value];
        // Half of the damage goes to the first bytes, where the fields are.
        var at = (int)(step.Place % (step.Value % 2 == 0 ? bytes.Length : Math.Min(bytes.Length, 300)));
        var end = Math.Min(bytes.Length, at + step.Length);
        return step.What switch
        {
            0 => [.. bytes[..at], step.Value, .. bytes[(at + 1)..]],
            1 => [.. bytes[..at], .. bytes[end..]],
            2 => [.. bytes[..end], .. bytes[at..end], .. bytes[end..]],
            3 => [.. bytes[..at], step.Value, .. bytes[at..]],
            _ => [.. bytes[..at], (byte)(step.Value & 0xe0 | 0x1a), 0x7f, 0xff, 0xff, 0xff, .. bytes[at..]],
        };
    }

    private static void AssertBounded(byte[] bytes, Func<Frame> decode)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Try(decode);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 256 * 1024 + 64L * bytes.Length, $"{allocated} bytes allocated for {bytes.Length}");
    }

    private static Frame? Try(Func<Frame> decode)
    {
        try
        {
            return decode();
        }
        catch (DecodingException)
        {
            return null;
        }
    }
}
