using System.Collections;

namespace Millrace.Sources;

/// <summary>The headers of a message in their order; a name may occur more than once.</summary>
public sealed class MessageHeaders : IReadOnlyList<KeyValuePair<string, string>>
{
    /// <summary>W3C trace context of the producer (https://www.w3.org/TR/trace-context/).</summary>
    public const string TraceParent = "traceparent";

    private readonly KeyValuePair<string, string>[] _entries;

    /// <summary>Copies <paramref name="entries"/>.</summary>
    public MessageHeaders(IEnumerable<KeyValuePair<string, string>> entries) => _entries = [.. entries];

    /// <summary>No headers.</summary>
    public static MessageHeaders Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _entries.Length;

    /// <inheritdoc/>
    public KeyValuePair<string, string> this[int index] => _entries[index];

    /// <summary>The first value under <paramref name="name"/> (ordinal comparison), or null.</summary>
    public string? Get(string name)
    {
        foreach (var entry in _entries)
            if (string.Equals(entry.Key, name, StringComparison.Ordinal))
                return entry.Value;
        return null;
    }

    /// <summary>These headers and one more at the end.</summary>
    public MessageHeaders With(string name, string value) => new([.. _entries, new(name, value)]);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, string>>)_entries).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
