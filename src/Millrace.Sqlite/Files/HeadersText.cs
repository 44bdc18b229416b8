using System.Buffers;
using System.Text.Json;
using Millrace.Sources;

namespace Millrace.Sqlite.Files;

/// <summary>Headers as they are stored: a JSON array of name and value in turns, which keeps order and repeated names.</summary>
internal static class HeadersText
{
    public static byte[]? Write(MessageHeaders headers)
    {
        if (headers.Count == 0) return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < headers.Count; i++)
            {
                json.WriteStringValue(headers[i].Key);
                json.WriteStringValue(headers[i].Value);
            }

            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static MessageHeaders Read(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty) return MessageHeaders.Empty;
        List<KeyValuePair<string, string>> entries = [];
        var json = new Utf8JsonReader(stored);
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
