using System.Buffers;

namespace Firehose.Decoding;

/// <summary>The syntax of `did:method:identifier`.</summary>
internal static class Did
{
    public const int MaxLength = 2048;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:%-"u8);

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxLength || !text.StartsWith("did:"u8)) return false;
        var rest = text[4..];
        var colon = rest.IndexOf((byte)':');
        if (colon < 1 || rest[..colon].ContainsAnyExceptInRange((byte)'a', (byte)'z')) return false;
        var identifier = rest[(colon + 1)..];
        return !identifier.IsEmpty && identifier[^1] is not ((byte)':' or (byte)'%') && !identifier.ContainsAnyExcept(Allowed);
    }
}
