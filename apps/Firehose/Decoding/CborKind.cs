namespace Firehose.Decoding;

/// <summary>The types of value that DAG-CBOR has here; floats are not among them.</summary>
internal enum CborKind
{
    Integer,
    Bytes,
    Text,
    Array,
    Map,
    Link,
    Boolean,
    Null,

    /// <summary>A value that DAG-CBOR does not have; reading it throws.</summary>
    Unsupported,
}
