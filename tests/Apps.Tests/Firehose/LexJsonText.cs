using System.Buffers;
using System.Text;
using System.Text.Json;
using Firehose.Decoding;
using Firehose.Records;

namespace Apps.Tests.Firehose;

/// <summary>Writes CBOR as lex-json, exactly, and insists that nothing follows it.</summary>
internal static class LexJsonText
{
    public static string Of(ReadOnlyMemory<byte> cbor)
    {
        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output);
        var reader = new CborReader(cbor.Span);
        LexJson.Write(ref reader, json, storable: false);
        Assert.True(reader.AtEnd);
        json.Flush();
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
