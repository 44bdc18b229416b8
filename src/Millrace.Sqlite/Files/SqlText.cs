using System.Collections.Concurrent;

namespace Millrace.Sqlite.Files;

/// <summary>The embedded SQL, by file name without its ending.</summary>
internal static class SqlText
{
    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    public static string Read(string name) => Texts.GetOrAdd(name, Load);

    /// <summary>An insert of one row made one of several: its values, the last thing in parentheses, over and over.</summary>
    public static string Repeat(string name, int rows)
    {
        var text = Read(name).AsSpan().TrimEnd().TrimEnd(';');
        return $"{text}{string.Concat(Enumerable.Repeat($", {text[text.LastIndexOf('(')..]}", rows - 1))};";
    }

    private static string Load(string name)
    {
        using var stream = typeof(SqlText).Assembly.GetManifestResourceStream($"Millrace.Sqlite.Sql.{name}.sql")
            ?? throw new ArgumentException($"There is no Sql/{name}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
