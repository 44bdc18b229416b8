using System.Text.Json;
using System.Text.Json.Serialization;

namespace Firehose.Storage.Sqlite;

/// <summary>How lists of short texts stand in a column: a JSON array.</summary>
internal static class TextArray
{
    /// <summary>The array, or null for none.</summary>
    public static string? ToJson(IReadOnlyList<string>? texts) =>
        texts is null ? null : JsonSerializer.Serialize(texts, TextArrayJson.Default.IReadOnlyListString);
}

[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class TextArrayJson : JsonSerializerContext;
