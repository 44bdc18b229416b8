namespace Firehose.Writing;

/// <summary>What reader and writer agree on about the queue between them.</summary>
internal static class QueuedFrame
{
    /// <summary>The queue.</summary>
    public const string Queue = "firehose.events";

    /// <summary>The kind of a job whose body is a whole frame that the reader could not read; it goes to the dead letters.</summary>
    public const string RefusedKind = "refused-frame";

    /// <summary>The header with the reason of a refused frame.</summary>
    public const string ReasonHeader = "firehose-reason";
}
