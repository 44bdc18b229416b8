using System.Globalization;

namespace Millrace.Postgres.Texts;

/// <summary>Ids are numbers in the database and text outside.</summary>
internal static class JobId
{
    /// <summary>No job has it.</summary>
    private const long Nobody = -1;

    /// <summary>Reads an id as this store writes them; anything else names no job.</summary>
    public static bool TryRead(string? text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    public static string Write(long id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The ids as numbers; null when no ids are meant.</summary>
    public static long[]? Numbers(IReadOnlyList<string>? ids) => ids is null ? null : [.. ids.Select(id => TryRead(id, out var number) ? number : Nobody)];
}
