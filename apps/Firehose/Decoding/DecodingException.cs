using System.Diagnostics.CodeAnalysis;

namespace Firehose.Decoding;

/// <summary>Bytes that are not what the protocol allows; whoever reads a connection drops it and resumes at its cursor.</summary>
/// <param name="code">A stable code: FRM (frame), CBR (CBOR), CAR (archive) or BDY (stored body) and three digits.</param>
/// <param name="what">What is wrong, with what was got and what is allowed.</param>
/// <param name="offset">Where, in bytes from the start of the frame (of the record, of the body).</param>
internal sealed class DecodingException(string code, string what, int offset) : Exception($"{code} at byte {offset}: {what}")
{
    /// <summary>The stable code.</summary>
    public string Code => code;

    /// <summary>Where, in bytes from the start of what was decoded.</summary>
    public int Offset => offset;

    /// <summary>The input ends before the item does, or a declared length reaches beyond it.</summary>
    public const string Truncated = "CBR001";

    /// <summary>More than 64 levels of nesting.</summary>
    public const string TooDeep = "CBR002";

    /// <summary>Indefinite length, or reserved additional information.</summary>
    public const string NotDeterministic = "CBR003";

    /// <summary>Well-formed CBOR, but not the one canonical form that DAG-CBOR has for this value, or a value it does not have.</summary>
    public const string NotCanonical = "CBR004";

    /// <summary>A tag other than 42, or a tag 42 that holds no CID.</summary>
    public const string InvalidLink = "CBR005";

    /// <summary>A value of another type than the field has.</summary>
    public const string OtherType = "CBR006";

    /// <summary>Header, body or one of their required fields is missing or makes no sense.</summary>
    public const string BadFrame = "FRM001";

    /// <summary>The frame is larger than the limit.</summary>
    public const string FrameTooLarge = "FRM010";

    /// <summary>A length prefix of more than ten bytes, or cut off.</summary>
    public const string BadVarint = "CAR001";

    /// <summary>A section without bytes, or one that holds no CID.</summary>
    public const string EmptySection = "CAR002";

    /// <summary>A section reaches beyond the archive.</summary>
    public const string SectionBeyondArchive = "CAR003";

    /// <summary>The header is no map with `roots` and `version`, or the version is not 1.</summary>
    public const string BadArchiveHeader = "CAR004";

    /// <summary>The header names no root.</summary>
    public const string NoRoots = "CAR005";

    /// <summary>The root is not among the blocks (only an error when the blocks are to be checked).</summary>
    public const string RootMissing = "CAR006";

    /// <summary>A block's bytes do not have the hash that its CID says.</summary>
    public const string HashMismatch = "CAR010";

    /// <summary>A stored body that this build cannot read.</summary>
    public const string BadBody = "BDY001";

    [DoesNotReturn]
    internal static void Throw(string code, string what, int offset) => throw new DecodingException(code, what, offset);
}
