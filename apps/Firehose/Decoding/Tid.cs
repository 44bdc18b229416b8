using System.Buffers;

namespace Firehose.Decoding;

/// <summary>The syntax of time-ordered identifiers, 13 characters that sort as text; revisions and most record keys are such.</summary>
internal static class Tid
{
    public const int Length = 13;

    private static readonly SearchValues<byte> Allowed = SearchValues.Create("234567abcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        // The first character holds the top bit of 64, which is always zero, and four more.
        return text.Length == Length && text[0] <= 'j' && !text.ContainsAnyExcept(Allowed);
    }
}
