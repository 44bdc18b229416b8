using System.Security.Cryptography;
using System.Text.Json;
using Firehose.Decoding;
using Firehose.Reading;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Acceptance scenario 1: every field equals what the official libraries decoded.</summary>
public sealed class Scenario01DecodesTheRecordedFramesTests
{
    [Theory]
    [InlineData("small", 2004)]
    [InlineData("edge-future", 1)]
    [InlineData("edge-outdated", 2)]
    [InlineData("edge-slow", 2)]
    public void Every_field_equals_the_golden_decoding(string capture, int frames)
    {
        var recorded = RecordedFrames.Read(TestData.PathOf("firehose", $"{capture}.frames")).ToList();
        var golden = File.ReadLines(TestData.PathOf("firehose", $"{capture}.golden.jsonl")).ToList();
        Assert.Equal(frames, recorded.Count);
        Assert.Equal(frames, golden.Count);
        foreach (var (bytes, line) in recorded.Zip(golden))
        {
            using var expected = JsonDocument.Parse(line);
            AssertEqual(expected.RootElement, bytes);
        }
    }

    [Theory]
    [InlineData("small.frames", 2004)]
    [InlineData("bench.frames.gz", 12001)]
    public void Every_block_of_the_captures_has_the_hash_its_name_says(string file, int frames)
    {
        var options = new FrameDecoderOptions { VerifyBlockHashes = true };
        var decoded = RecordedFrames.Read(TestData.PathOf("firehose", file)).Select(bytes => FrameDecoder.Decode(bytes, options)).ToList();
        Assert.Equal(frames, decoded.Count);
        Assert.All(decoded.SelectMany(frame => frame.Ops), op => Assert.Equal(op.Action == RepoAction.Delete, op.Record.IsEmpty));
    }

    private static void AssertEqual(JsonElement expected, ReadOnlyMemory<byte> bytes)
    {
        var frame = FrameDecoder.Decode(bytes);
        foreach (var field in expected.EnumerateObject())
        {
            var value = field.Value;
            switch (field.Name)
            {
                case "kind": Assert.Equal(value.GetString(), frame.Kind == FrameKind.Error ? "error" : $"#{frame.Kind.ToString().ToLowerInvariant()}"); break;
                case "seq": Assert.Equal(value.GetInt64(), frame.Seq); break;
                case "did": Assert.Equal(value.GetString(), frame.Did); break;
                case "time": Assert.Equal(value.GetString(), frame.Time); break;
                case "rev": Assert.Equal(value.GetString(), frame.Rev); break;
                case "since": Assert.Equal(value.GetString(), frame.Since); break;
                case "commit": Assert.Equal(value.GetString(), TextOf(frame.Commit)); break;
                case "prevData": Assert.Equal(value.GetString(), TextOf(frame.PrevData)); break;
                case "data": Assert.Equal(value.GetString(), TextOf(frame.Data)); break;
                case "handle": Assert.Equal(value.GetString(), frame.Handle); break;
                case "active": Assert.Equal(value.GetBoolean(), frame.Active); break;
                case "status": Assert.Equal(value.GetString(), frame.Status); break;
                case "error": Assert.Equal(value.GetString(), frame.Name); break;
                case "message": Assert.Equal(value.GetString(), frame.Message); break;
                case "body":
                    Assert.Equal(value.GetProperty("name").GetString(), frame.Name);
                    Assert.Equal(value.GetProperty("message").GetString(), frame.Message);
                    break;
                case "ops": AssertEqual(value, frame.Ops); break;
                case "frameLen": Assert.Equal(value.GetInt32(), bytes.Length); break;
                case "sha256": Assert.Equal(value.GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes.Span))); break;
                case "n" or "sigOk":   // the line's number; a signature, which we do not check
                    break;
                case "tooBig" or "rebase" or "blobs" or "carBlocks" or "blocksLen":   // retired, or of the archive's wrapping: not kept
                    break;
                default: Assert.Fail($"The golden decoding has a field {field.Name} that this test does not compare."); break;
            }
        }
    }

    private static void AssertEqual(JsonElement expected, IReadOnlyList<RepoOp> ops)
    {
        Assert.Equal(expected.GetArrayLength(), ops.Count);
        foreach (var (op, wanted) in ops.Zip(expected.EnumerateArray()))
            foreach (var field in wanted.EnumerateObject())
                switch (field.Name)
                {
                    case "action": Assert.Equal(field.Value.GetString(), op.Action.ToString().ToLowerInvariant()); break;
                    case "collection": Assert.Equal(field.Value.GetString(), op.Collection); break;
                    case "rkey": Assert.Equal(field.Value.GetString(), op.RecordKey); break;
                    case "cid": Assert.Equal(field.Value.GetString(), TextOf(op.Cid)); break;
                    case "prev": Assert.Equal(field.Value.GetString(), TextOf(op.Prev)); break;
                    case "size": Assert.Equal(field.Value.GetInt32(), op.Record.Length); break;
                    case "record": AssertSameJson(field.Value, LexJsonText.Of(op.Record)); break;
                    default: Assert.Fail($"The golden decoding has a field {field.Name} in an op that this test does not compare."); break;
                }
    }

    private static void AssertSameJson(JsonElement expected, string actual)
    {
        using var document = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(expected, document.RootElement), $"Expected {expected.GetRawText()}\ngot {actual}");
    }

    private static string? TextOf(Cid cid) => cid.IsDefault ? null : cid.ToString();
}
