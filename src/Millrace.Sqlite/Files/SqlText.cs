using System.Collections.Concurrent;

namespace Millrace.Sqlite.Files;

/// <summary>The embedded SQL, by file name without its ending.</summary>
internal static class SqlText
{
    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    public static string Read(string name) => Texts.GetOrAdd(name, Load);

    private static string Load(string name)
    {
        using var stream = typeof(SqlText).Assembly.GetManifestResourceStream($"Millrace.Sqlite.Sql.{name}.sql")
            ?? throw new ArgumentException($"There is no Sql/{name}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
