namespace Firehose.Decoding;

/// <summary>How much of a frame is checked.</summary>
internal sealed class FrameDecoderOptions
{
    /// <summary>
    /// Whether every block of an archive is hashed and compared with its CID; a block whose hash is of an unknown kind and an archive
    /// without its root are then refused too, since neither can be checked.
    /// </summary>
    /// <value>False: the relay is trusted.</value>
    public bool VerifyBlockHashes { get; init; }

    /// <summary>The largest frame, in bytes.</summary>
    /// <value>5 MB, the protocol's limit.</value>
    public int MaxFrameBytes { get; init; } = 5_000_000;
}
