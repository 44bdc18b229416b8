using System.Diagnostics.CodeAnalysis;

namespace Firehose.Decoding;

// Messages are put together out here: interpolated strings in the methods that read would keep those from being inlined.
internal ref partial struct CborReader
{
    /// <summary>Throws for a value that DAG-CBOR does not have: a float, a simple value, or no value at all.</summary>
    [DoesNotReturn]
    public readonly void ThrowUnsupported()
    {
        var initial = _input[_position];
        switch (initial & 31)
        {
            case 25 or 26 or 27: DecodingException.Throw(DecodingException.NotCanonical, "a float is not allowed: numbers are integers", _position); break;
            case >= 28: DecodingException.Throw(DecodingException.NotDeterministic, $"initial byte 0x{initial:x2} is reserved or ends an item of indefinite length", _position); break;
            default: DecodingException.Throw(DecodingException.NotCanonical, $"simple value 0x{initial:x2} is not allowed: only false, true and null are", _position); break;
        }
        throw new System.Diagnostics.UnreachableException();
    }

    [DoesNotReturn]
    private readonly void ThrowEnd() => DecodingException.Throw(DecodingException.Truncated, "the input ends inside a value", _position);

    [DoesNotReturn]
    private readonly void ThrowOtherType(CborKind expected, string field)
    {
        var kind = PeekKind();
        if (kind == CborKind.Unsupported) ThrowUnsupported();
        DecodingException.Throw(DecodingException.OtherType, $"{field} must be {expected.ToString().ToLowerInvariant()}, got {kind.ToString().ToLowerInvariant()}", _position);
    }

    [DoesNotReturn]
    private static void ThrowUnsorted(int start) =>
        DecodingException.Throw(DecodingException.NotCanonical, "map keys must be unique and sorted by length, then by bytes", start);

    [DoesNotReturn]
    private static void ThrowNoUtf8(string field, int start) => DecodingException.Throw(DecodingException.NotCanonical, $"{field} is no valid UTF-8", start);

    [DoesNotReturn]
    private static void ThrowTooLarge(string field, int start) =>
        DecodingException.Throw(DecodingException.NotCanonical, $"{field} does not fit 64 bits with a sign", start);

    [DoesNotReturn]
    private static void ThrowOtherTag(ulong tag, int start) =>
        DecodingException.Throw(DecodingException.InvalidLink, $"tag {tag} is not allowed: the only one is 42, a link", start);

    [DoesNotReturn]
    private static void ThrowNoLink(string got, int start) =>
        DecodingException.Throw(DecodingException.InvalidLink, $"tag 42 must hold a zero byte and a CID of version 1, got {got}", start);

    [DoesNotReturn]
    private readonly void ThrowTooDeep() => DecodingException.Throw(DecodingException.TooDeep, $"more than {MaxDepth} levels of arrays and maps", _position);

    [DoesNotReturn]
    private readonly void ThrowBeyondEnd(ulong count, int start) =>
        DecodingException.Throw(DecodingException.Truncated, $"a declared length of {count} reaches beyond the end, with {_input.Length - _position} bytes left", start);

    [DoesNotReturn]
    private static void ThrowNotShortest(ulong value, int start) =>
        DecodingException.Throw(DecodingException.NotCanonical, $"{value} is not in its shortest form", start);

    [DoesNotReturn]
    private static void ThrowReserved(int information, int start) =>
        DecodingException.Throw(DecodingException.NotDeterministic, information == 31 ? "an indefinite length is not allowed" : $"reserved additional information {information} is not allowed", start);
}
