using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Sources;

namespace Millrace.Postgres.Texts;

/// <summary>Headers as they are stored: a JSON array of name and value in turns, which keeps order and repeated names.</summary>
internal static class HeadersText
{
    /// <summary>For people who look at the table; nobody puts it into a page.</summary>
    internal static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string? Write(MessageHeaders headers)
    {
        if (headers.Count == 0) return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartArray();
            for (var i = 0; i < headers.Count; i++)
            {
                json.WriteStringValue(headers[i].Key);
                json.WriteStringValue(headers[i].Value);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static MessageHeaders Read(string? stored)
    {
        if (stored is null) return MessageHeaders.Empty;
        List<KeyValuePair<string, string>> entries = [];
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(stored));
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.String)
        {
            var name = json.GetString()!;
            json.Read();
            entries.Add(new(name, json.GetString()!));
        }

        return new MessageHeaders(entries);
    }
}
