using System.Globalization;

namespace Millrace.Sqlite.Files;

/// <summary>Ids are numbers in the file and text outside.</summary>
internal static class JobId
{
    /// <summary>Reads an id as this store writes them; anything else names no job.</summary>
    public static bool TryRead(string? text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    public static string Write(long id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The ids as a JSON array, for `json_each`; null when no ids are meant.</summary>
    public static string? Json(IReadOnlyList<string>? ids) =>
        ids is null ? null : $"[{string.Join(',', ids.Select(id => TryRead(id, out var number) ? Write(number) : "-1"))}]";
}
