using System.Buffers;
using System.Text;
using System.Text.Json;
using Millrace.Storage;

namespace Millrace.Redis.Messages;

/// <summary>One failed attempt as it is stored: a JSON array of time, attempt, reason and detail, the first two added by the script.</summary>
internal static class ErrorText
{
    private const int MaxText = 4 * 1024;

    /// <summary>Reason and detail, without the brackets.</summary>
    public static string Write(string reason, string? detail)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(Clip(reason));
            json.WriteStringValue(detail is null ? null : Clip(detail));
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan[1..^1]);
    }

    public static AttemptError Read(ReadOnlyMemory<byte> stored)
    {
        using var json = JsonDocument.Parse(stored);
        var parts = json.RootElement;
        return new(DateTimeOffset.FromUnixTimeMilliseconds(parts[0].GetInt64()), parts[1].GetInt32(), parts[2].GetString()!, parts[3].GetString());
    }

    public static string Clip(string text) => text.Length <= MaxText ? text : text[..MaxText];
}
