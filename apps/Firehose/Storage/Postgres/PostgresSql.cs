using System.Collections.Concurrent;

namespace Firehose.Storage.Postgres;

/// <summary>The statements of the folder Sql.</summary>
internal static class PostgresSql
{
    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    /// <summary>The text of the embedded file `Sql/name.sql`, the same object each time.</summary>
    public static string Text(string name) => Texts.GetOrAdd(name, static name =>
    {
        using var stream = typeof(PostgresSql).Assembly.GetManifestResourceStream($"Firehose.Storage.Postgres.Sql.{name}.sql")
            ?? throw new InvalidOperationException($"There is no embedded statement {name}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });
}
