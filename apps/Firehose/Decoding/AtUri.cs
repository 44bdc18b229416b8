namespace Firehose.Decoding;

/// <summary>The syntax of `at://authority[/collection[/key]]`, without query or fragment.</summary>
internal static class AtUri
{
    public const int MaxLength = 8 * 1024;

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (!TrySplit(text, out var authority, out var collection, out var key)) return false;
        if (!Did.IsValid(authority) && !Handle.IsValid(authority)) return false;
        return (collection.IsEmpty || Collections.IsKnown(collection) || Nsid.IsValid(collection)) && (key.IsEmpty || RecordKey.IsValid(key));
    }

    /// <summary>Whether <paramref name="text"/> is valid and names one record of <paramref name="collection"/>.</summary>
    public static bool IsRecordOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> collection) =>
        IsValid(text) && TrySplit(text, out _, out var named, out var key) && named.SequenceEqual(collection) && !key.IsEmpty;

    /// <summary>Cuts at the slashes; false for another scheme, an empty part or a trailing slash.</summary>
    private static bool TrySplit(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> authority, out ReadOnlySpan<byte> collection, out ReadOnlySpan<byte> key)
    {
        authority = collection = key = default;
        if (text.Length > MaxLength || !text.StartsWith("at://"u8)) return false;
        authority = text[5..];
        var slash = authority.IndexOf((byte)'/');
        if (slash < 0) return true;
        collection = authority[(slash + 1)..];
        authority = authority[..slash];
        if (collection.IsEmpty) return false;
        slash = collection.IndexOf((byte)'/');
        if (slash < 0) return true;
        key = collection[(slash + 1)..];
        collection = collection[..slash];
        return !collection.IsEmpty && !key.IsEmpty;
    }
}
