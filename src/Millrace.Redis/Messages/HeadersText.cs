using System.Buffers;
using System.Text.Json;
using Millrace.Sources;

namespace Millrace.Redis.Messages;

/// <summary>Headers as an entry holds them: a JSON array of [name, value], which keeps order and repeated names.</summary>
internal static class HeadersText
{
    public static ReadOnlyMemory<byte> Write(MessageHeaders headers)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var (name, value) in headers)
            {
                json.WriteStartArray();
                json.WriteStringValue(name);
                json.WriteStringValue(value);
                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Headers that cannot be read are one header of their own: what came with a message is not dropped.</summary>
    public static MessageHeaders Read(ReadOnlyMemory<byte> stored)
    {
        try
        {
            List<KeyValuePair<string, string>> entries = [];
            using var json = JsonDocument.Parse(stored);
            foreach (var pair in json.RootElement.EnumerateArray()) entries.Add(new(pair[0].GetString()!, pair[1].GetString()!));
            return new MessageHeaders(entries);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or IndexOutOfRangeException or ArgumentNullException)
        {
            return new MessageHeaders([new("unreadable-headers", System.Text.Encoding.UTF8.GetString(stored.Span))]);
        }
    }
}
