using System.Buffers;
using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using Bench.Measuring;
using Firehose.Decoding;
using Firehose.Reading;
using Firehose.Records;

namespace Bench.Decoding;

/// <summary>Our decoder against System.Formats.Cbor, and what checking the hashes costs beyond the hashing itself.</summary>
internal sealed class DecodingBenchmark : IBenchmark
{
    private const int Rounds = 5;
    private const double SpeedGoal = 3, HashGoal = 1.2;
    private static readonly byte[] ReceiveBuffer = new byte[5_000_000];
    private static readonly FrameDecoderOptions Trusting = new(), Checking = new() { VerifyBlockHashes = true };

    public string Name => "decoding";

    public string Summary => "firehose frames to typed records: ours, System.Formats.Cbor, with and without block hashes";

    public Task<int> RunAsync(string[] args, CancellationToken stopping)
    {
        var path = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "data", "firehose", "bench.frames.gz");
        var frames = RecordedFrames.Read(path).ToArray();
        var blocks = frames.Select(BlocksOf).ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{frames.Length} frames, {frames.Sum(frame => (long)frame.Length) / 1e6:f1} MB, {blocks.Sum(list => list.Length)} blocks; medians of {Rounds} alternating rounds"));
        Console.WriteLine();

        var results = Contest.Run(
            Rounds,
            ("ours", () => Repeat(10, () => DecodeAll(frames, Trusting))),
            ("System.Formats.Cbor", () => Repeat(3, () => DecodeTrees(frames, CborConformanceMode.Canonical))),
            ("  in default mode", () => Repeat(3, () => DecodeTrees(frames, CborConformanceMode.Strict))),
            ("  with every block", () => Repeat(1, () => DecodeTrees(frames, CborConformanceMode.Canonical, everyBlock: true))),
            ("ours, hashes checked", () => Repeat(5, () => DecodeAll(frames, Checking))),
            ("ours + bare SHA-256", () => Repeat(5, () => DecodeAndHash(frames, blocks))),
            ("stored body written", () => Repeat(10, () => WriteBodies(frames))));
        Print(results);
        PrintBodySizes(frames);

        var (ours, trees) = (results["ours"], results["System.Formats.Cbor"]);
        var (@checked, bare) = (results["ours, hashes checked"], results["ours + bare SHA-256"]);
        var speed = Goal("ours / System.Formats.Cbor, frames a CPU second", trees.CpuMicrosecondsPerUnit / ours.CpuMicrosecondsPerUnit, atLeast: SpeedGoal);
        var speedOnTheWall = Goal("ours / System.Formats.Cbor, frames a second", trees.WallMicrosecondsPerUnit / ours.WallMicrosecondsPerUnit, atLeast: SpeedGoal);
        var hashes = Goal("hashes checked / bare SHA-256, CPU", @checked.CpuMicrosecondsPerUnit / bare.CpuMicrosecondsPerUnit, atMost: HashGoal);
        return Task.FromResult(speed && speedOnTheWall && hashes ? 0 : 1);
    }

    private static long Repeat(int passes, Func<long> pass)
    {
        long units = 0;
        for (var i = 0; i < passes; i++) units += pass();
        return units;
    }

    private static long DecodeAll(ReadOnlyMemory<byte>[] frames, FrameDecoderOptions options)
    {
        foreach (var bytes in frames) ReadRecords(FrameDecoder.Decode(Receive(bytes), options));
        return frames.Length;
    }

    private static long DecodeAndHash(ReadOnlyMemory<byte>[] frames, ReadOnlyMemory<byte>[][] blocks)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (var i = 0; i < frames.Length; i++)
        {
            ReadRecords(FrameDecoder.Decode(Receive(frames[i]), Trusting));
            foreach (var block in blocks[i]) SHA256.HashData(block.Span, digest);
        }
        return frames.Length;
    }

    /// <summary>Copies a frame into the one receive buffer, so that it is as near to the processor as a socket would have left it.</summary>
    private static ReadOnlyMemory<byte> Receive(ReadOnlyMemory<byte> frame)
    {
        frame.CopyTo(ReceiveBuffer);
        return ReceiveBuffer.AsMemory(0, frame.Length);
    }

    private static void ReadRecords(Frame frame)
    {
        for (var i = 0; i < frame.Ops.Count; i++)
        {
            var op = frame.Ops[i];
            if (op.Action == RepoAction.Delete) continue;
            try
            {
                RecordReader.Read(op.Collection, op.Record);
            }
            catch (RecordException)
            {
                // A record that does not fit is a result too.
            }
        }
    }

    private static long DecodeTrees(ReadOnlyMemory<byte>[] frames, CborConformanceMode mode, bool everyBlock = false)
    {
        foreach (var frame in frames) TreeDecoder.Decode(Receive(frame), mode, everyBlock);
        return frames.Length;
    }

    private static long WriteBodies(ReadOnlyMemory<byte>[] frames)
    {
        var output = new ArrayBufferWriter<byte>(1 << 16);
        foreach (var frame in frames)
        {
            output.ResetWrittenCount();
            FrameBody.Write(FrameDecoder.Decode(frame, Trusting), output);
        }
        return frames.Length;
    }

    private static ReadOnlyMemory<byte>[] BlocksOf(ReadOnlyMemory<byte> frame)
    {
        var blocks = new List<ReadOnlyMemory<byte>>();
        if (TreeDecoder.BlocksOf(frame) is not { } archive) return [];
        var car = new CarReader(archive.Span, 0, archive.Length);
        car.ReadRoot();
        while (car.TryReadBlock(out var block)) blocks.Add(archive.Slice(block.Start, block.Length));
        return [.. blocks];
    }

    private static void PrintBodySizes(ReadOnlyMemory<byte>[] frames)
    {
        var output = new ArrayBufferWriter<byte>(1 << 16);
        long bodies = 0;
        foreach (var frame in frames)
        {
            output.ResetWrittenCount();
            FrameBody.Write(FrameDecoder.Decode(frame, Trusting), output);
            bodies += output.WrittenCount;
        }
        var whole = frames.Sum(frame => (long)frame.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stored body: {(double)bodies / frames.Length:f0} bytes a frame of {(double)whole / frames.Length:f0}: {(double)whole / bodies:f2} times smaller"));
    }

    private static void Print(IReadOnlyDictionary<string, Measurement> results)
    {
        Console.WriteLine($"{"",-22}{"frames/s",12}{"us/frame",12}{"CPU us/frame",14}{"bytes/frame",13}");
        foreach (var (name, result) in results)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-22}{result.UnitsPerSecond,12:n0}{result.WallMicrosecondsPerUnit,12:f2}{result.CpuMicrosecondsPerUnit,14:f2}{result.BytesPerUnit,13:n0}"));
        Console.WriteLine();
    }

    private static bool Goal(string what, double ratio, double? atLeast = null, double? atMost = null)
    {
        var met = ratio >= (atLeast ?? double.MinValue) && ratio <= (atMost ?? double.MaxValue);
        var goal = atLeast is not null ? $"at least {atLeast}" : $"at most {atMost}";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {ratio:f2} (goal {goal}: {(met ? "met" : "MISSED")})"));
        return met;
    }
}
