using System.Buffers.Binary;
using System.Text;
using Firehose.Decoding;
using Firehose.Relay;

namespace Bench.WholeFirehose;

/// <summary>
/// A recording several times over, each time as the events of other accounts: one letter of every DID changes, and the sequence numbers go on.
/// Played twice as it is, the second time would only be recognized and dropped. (Block hashes do not fit any more; they are not checked by default.)
/// </summary>
internal static class LoopedRecording
{
    private const string Letters = "234567abcdefghijklmnopqrstuvwxyz";

    private static readonly byte[] s_did = Encoding.ASCII.GetBytes("did:plc:");

    /// <summary>The key of the sequence number as it stands in a frame's body: text of three letters.</summary>
    private static readonly byte[] s_seq = [0x63, (byte)'s', (byte)'e', (byte)'q'];

    public static IReadOnlyList<RecordedFrame> Load(string path, int passes)
    {
        var once = RecordedRelay.Load(path);
        if (passes == 1) return once;
        var head = once.Max(frame => frame.Seq);
        var looped = new List<RecordedFrame>(once.Count * passes);
        for (var pass = 0; pass < passes; pass++)
            foreach (var frame in once)
                looped.Add(pass == 0 ? frame : Shift(frame, pass, head));
        return looped;
    }

    private static RecordedFrame Shift(RecordedFrame frame, int pass, long head)
    {
        var bytes = frame.Bytes.ToArray();
        for (var at = 0; bytes.AsSpan(at).IndexOf(s_did) is >= 0 and var found;)
        {
            at += found + s_did.Length;
            bytes[at] = (byte)Letters[(Letters.IndexOf((char)bytes[at], StringComparison.Ordinal) + pass) % Letters.Length];
        }

        var seq = frame.Seq + (pass * head);
        var shifted = frame.Seq == 0 ? bytes : WithSeq(bytes, seq);
        // Whatever the letters did, it must still be the frame that it claims to be.
        if (FrameDecoder.Decode(shifted).Seq != (frame.Seq == 0 ? 0 : seq)) throw new InvalidDataException($"Frame {frame.Seq} could not be shifted.");
        return new RecordedFrame(frame.Seq == 0 ? 0 : seq, shifted);
    }

    private static byte[] WithSeq(byte[] bytes, long seq)
    {
        var at = bytes.AsSpan().IndexOf(s_seq) + s_seq.Length;
        var old = (bytes[at] & 0x1f) switch { < 24 => 1, 24 => 2, 25 => 3, 26 => 5, _ => 9 };
        return [.. bytes.AsSpan(0, at), .. Number(seq), .. bytes.AsSpan(at + old)];
    }

    /// <summary>The shortest form of an unsigned integer in CBOR (RFC 8949, 3).</summary>
    private static byte[] Number(long value)
    {
        var wide = new byte[9];
        BinaryPrimitives.WriteInt64BigEndian(wide.AsSpan(1), value);
        return value switch
        {
            < 24 => [(byte)value],
            <= byte.MaxValue => [24, (byte)value],
            <= ushort.MaxValue => [25, .. wide[7..]],
            <= uint.MaxValue => [26, .. wide[5..]],
            _ => [27, .. wide[1..]],
        };
    }
}
