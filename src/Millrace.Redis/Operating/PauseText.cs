using System.Globalization;
using System.Text.Json;
using Millrace.Storage;

namespace Millrace.Redis.Operating;

/// <summary>A pause as it is stored: a JSON array of who, why and since when.</summary>
internal static class PauseText
{
    public static string Write(Pause pause)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteStringValue(pause.By);
            json.WriteStringValue(pause.Reason);
            json.WriteStringValue(pause.At.ToString("O", CultureInfo.InvariantCulture));
            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static Pause Read(string worker, string stored)
    {
        using var json = JsonDocument.Parse(stored);
        var parts = json.RootElement;
        return new(worker, parts[0].GetString()!, parts[1].GetString(), DateTimeOffset.Parse(parts[2].GetString()!, CultureInfo.InvariantCulture));
    }
}
