using System.Buffers;
using System.Text;
using System.Text.Json;
using Millrace.Storage;

namespace Millrace.Postgres.Texts;

/// <summary>A failed attempt as it is stored: a JSON array of time, attempt, reason and detail. The store writes the time, which it alone knows.</summary>
internal static class ErrorText
{
    private const int MaxDetail = 4 * 1024;

    /// <summary>All that follows the time.</summary>
    public static string WriteRest(int attempt, string reason, string? detail)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, HeadersText.Readable))
        {
            json.WriteStartArray();
            json.WriteNumberValue(attempt);
            json.WriteStringValue(Clip(reason));
            json.WriteStringValue(detail is null ? null : Clip(detail));
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan[1..]);
    }

    public static IReadOnlyList<AttemptError> Read(string[]? stored) => stored is null ? [] : Array.ConvertAll(stored, Read);

    private static AttemptError Read(string stored)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(stored));
        json.Read();
        json.Read();
        var at = DateTimeOffset.FromUnixTimeMilliseconds(json.GetInt64());
        json.Read();
        var attempt = json.GetInt32();
        json.Read();
        var reason = json.GetString()!;
        json.Read();
        return new AttemptError(at, attempt, reason, json.GetString());
    }

    private static string Clip(string text) => text.Length <= MaxDetail ? text : text[..MaxDetail];
}
