using System.Collections.Concurrent;

namespace Millrace.Postgres.Connecting;

/// <summary>The embedded SQL by file name without its ending, for the schema the store lives in.</summary>
internal sealed class SqlText(string schema)
{
    /// <summary>The schema for which the files are written.</summary>
    public const string WrittenFor = "millrace";

    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);

    public string Schema => schema;

    public string Read(string name) => _texts.GetOrAdd(name, _ => Load($"Sql.{name}"));

    /// <summary>Reads a file that is not in the folder of statements: <paramref name="place"/> is its folder and name, with dots.</summary>
    public string Load(string place)
    {
        var text = LoadPlain(place);
        return schema == WrittenFor ? text : text.Replace($"{WrittenFor}.", $"\"{schema}\".", StringComparison.Ordinal);
    }

    /// <summary>As written.</summary>
    public static string LoadPlain(string place)
    {
        using var stream = typeof(SqlText).Assembly.GetManifestResourceStream($"Millrace.Postgres.{place}.sql")
            ?? throw new ArgumentException($"There is no {place}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
