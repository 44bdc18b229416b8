using System.Buffers;

namespace Firehose.Decoding;

/// <summary>The syntax of record keys.</summary>
internal static class RecordKey
{
    public const int MaxLength = 512;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:~"u8);

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > MaxLength || text.SequenceEqual("."u8) || text.SequenceEqual(".."u8)) return false;
        return !text.ContainsAnyExcept(Allowed);
    }
}
