using System.Buffers;
using System.Text.Json;
using Millrace.Storage;

namespace Millrace.Sqlite.Files;

/// <summary>The history of failed attempts as it is stored: a JSON array of arrays, oldest first, the newest 20.</summary>
internal static class ErrorsText
{
    private const int Kept = 20;
    private const int MaxDetail = 4 * 1024;

    public static byte[] Append(ReadOnlySpan<byte> stored, AttemptError error)
    {
        List<AttemptError> errors = [.. Read(stored), error];
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (var entry in errors.Skip(errors.Count - Kept)) Write(json, entry);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static IReadOnlyList<AttemptError> Read(ReadOnlySpan<byte> stored)
    {
        if (stored.IsEmpty) return [];
        List<AttemptError> errors = [];
        var json = new Utf8JsonReader(stored);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.StartArray)
        {
            json.Read();
            var at = DateTimeOffset.FromUnixTimeMilliseconds(json.GetInt64());
            json.Read();
            var attempt = json.GetInt32();
            json.Read();
            var reason = json.GetString()!;
            json.Read();
            errors.Add(new AttemptError(at, attempt, reason, json.GetString()));
            json.Read();
        }

        return errors;
    }

    private static void Write(Utf8JsonWriter json, AttemptError error)
    {
        json.WriteStartArray();
        json.WriteNumberValue(error.At.ToUnixTimeMilliseconds());
        json.WriteNumberValue(error.Attempt);
        json.WriteStringValue(Clip(error.Reason));
        json.WriteStringValue(error.Detail is null ? null : Clip(error.Detail));
        json.WriteEndArray();
    }

    private static string Clip(string text) => text.Length <= MaxDetail ? text : text[..MaxDetail];
}
