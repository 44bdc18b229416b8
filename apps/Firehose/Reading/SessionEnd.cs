namespace Firehose.Reading;

/// <summary>Why a connection to the relay ended. Closed: the reader has an answer to each.</summary>
internal abstract record SessionEnd(string Reason)
{
    /// <summary>The relay or the network ended it; come back soon.</summary>
    public sealed record Dropped(string Reason) : SessionEnd(Reason);

    /// <summary>The relay's buffer for us was full; come back soon, at the cursor.</summary>
    public sealed record TooSlow(string Reason) : SessionEnd(Reason);

    /// <summary>The relay's stream ends before our cursor: somebody must look, and asking again at once is no use.</summary>
    public sealed record CursorAhead(string Reason) : SessionEnd(Reason);

    /// <summary>A frame could not be read; the same one may be whole the next time.</summary>
    public sealed record Refused(string Reason) : SessionEnd(Reason);
}
