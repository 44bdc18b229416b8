namespace Firehose.Monitoring;

/// <summary>The firehose now, for the status page.</summary>
public sealed record FirehoseStatus
{
    /// <summary>Host, and port if it is not the usual one, of the relay.</summary>
    public required string RelayHost { get; init; }

    /// <summary>Whether frames can arrive.</summary>
    public bool Connected { get; init; }

    /// <summary>The last sequence number in safe hands, or null before the first.</summary>
    public long? Cursor { get; init; }

    /// <summary>Age of the last event that was published, by the relay's clock, in seconds; null before the first.</summary>
    public double? LagSeconds { get; init; }

    /// <summary>Events stored a second, over ten seconds.</summary>
    public double EventsPerSecond { get; init; }

    /// <summary>When the first events of this process were in the tables, or null.</summary>
    public DateTimeOffset? FirstEventAt { get; init; }

    /// <summary>Frames received since the start, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Frames { get; init; }

    /// <summary>Events handled since the start, by what became of them.</summary>
    public required IReadOnlyDictionary<string, long> Events { get; init; }

    /// <summary>Rows in the tables.</summary>
    public long Posts { get; init; }

    /// <summary>Rows in the tables.</summary>
    public long Likes { get; init; }

    /// <summary>Rows in the tables.</summary>
    public long Reposts { get; init; }

    /// <summary>Rows in the tables.</summary>
    public long Follows { get; init; }

    /// <summary>Rows in the tables.</summary>
    public long Blocks { get; init; }

    /// <summary>Dead letters that wait for somebody.</summary>
    public long Dead { get; init; }

    /// <summary>Records that did not fit their table, ever.</summary>
    public long Rejected { get; init; }

    /// <summary>Gaps seen since the start: announced ones and broken revision chains.</summary>
    public long Gaps { get; init; }

    /// <summary>Repositories that need to be fetched again.</summary>
    public long Desynchronized { get; init; }

    /// <summary>Batches handled at once.</summary>
    public int Pipelines { get; init; }

    /// <summary>Events in the queue: waiting, delayed and claimed.</summary>
    public long Backlog { get; init; }

    /// <summary>Whether the reader waits for the backlog to shrink.</summary>
    public bool Paused { get; init; }

    /// <summary>Connections opened since the start.</summary>
    public long Connections { get; init; }

    /// <summary>The last thing that went wrong, or null.</summary>
    public string? LastError { get; init; }
}
