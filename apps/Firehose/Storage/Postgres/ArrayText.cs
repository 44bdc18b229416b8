using System.Text;

namespace Firehose.Storage.Postgres;

/// <summary>A list of short texts as PostgreSQL writes arrays, since an array of arrays cannot be unnested by one level.</summary>
internal static class ArrayText
{
    /// <summary>`{"a","b"}`, or null for none.</summary>
    public static string? Of(IReadOnlyList<string>? texts)
    {
        if (texts is null) return null;
        var array = new StringBuilder("{");
        foreach (var text in texts)
        {
            if (array.Length > 1) array.Append(',');
            array.Append('"').Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }
        return array.Append('}').ToString();
    }
}
