using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Firehose.Decoding;

namespace Firehose.Records;

/// <summary>Writes DAG-CBOR as the protocol's JSON: links as `{"$link": …}`, bytes as `{"$bytes": …}` in base64 without padding.</summary>
internal static class LexJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,   // goes into a database, never into a page as it is
        SkipValidation = true,
    };

    // One per thread, since every post with an embed or facets needs them.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Reads the next value and returns it as JSON, with U+FFFD for each U+0000, which databases refuse.</summary>
    /// <exception cref="DecodingException">The value is no DAG-CBOR.</exception>
    public static string Read(ref CborReader reader)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset();
        Write(ref reader, writer, storable: true);
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads the next value and writes it.</summary>
    /// <param name="reader">Stands before the value, afterwards behind it.</param>
    /// <param name="json">Where to.</param>
    /// <param name="storable">Whether U+0000 becomes U+FFFD.</param>
    public static void Write(ref CborReader reader, Utf8JsonWriter json, bool storable)
    {
        switch (reader.PeekKind())
        {
            case CborKind.Integer:
                json.WriteNumberValue(reader.ReadInteger("an integer"));
                break;
            case CborKind.Text:
                var text = reader.ReadText("text");
                if (storable && text.Contains((byte)0)) json.WriteStringValue(RecordText.Of(text));
                else json.WriteStringValue(text);
                break;
            case CborKind.Bytes:
                json.WriteStartObject();
                json.WriteString("$bytes"u8, Convert.ToBase64String(reader.ReadBytes("bytes")).AsSpan().TrimEnd('='));
                json.WriteEndObject();
                break;
            case CborKind.Link:
                json.WriteStartObject();
                json.WriteString("$link"u8, Cid.TextOf(reader.ReadLink("a link")));
                json.WriteEndObject();
                break;
            case CborKind.Boolean:
                json.WriteBooleanValue(reader.ReadBoolean("a boolean"));
                break;
            case CborKind.Null:
                reader.TryReadNull();
                json.WriteNullValue();
                break;
            case CborKind.Array:
                WriteArray(ref reader, json, storable);
                break;
            case CborKind.Map:
                WriteMap(ref reader, json, storable);
                break;
            default:
                reader.ThrowUnsupported();
                break;
        }
    }

    private static void WriteArray(ref CborReader reader, Utf8JsonWriter json, bool storable)
    {
        json.WriteStartArray();
        var array = reader.ReadArray("an array");
        while (reader.NextItem(ref array)) Write(ref reader, json, storable);
        json.WriteEndArray();
    }

    private static void WriteMap(ref CborReader reader, Utf8JsonWriter json, bool storable)
    {
        json.WriteStartObject();
        var map = reader.ReadMap("a map");
        while (reader.NextKey(ref map, out var key))
        {
            if (storable && key.Contains((byte)0)) json.WritePropertyName(RecordText.Of(key));
            else json.WritePropertyName(key);
            Write(ref reader, json, storable);
        }
        json.WriteEndObject();
    }
}
