namespace Firehose.Storage;

/// <summary>How much the store holds, kept with every batch, since counting the tables takes longer than a status page may.</summary>
internal sealed record FirehoseTotals
{
    public const string DesynchronizedName = "desynchronized";
    public const string ChainBreaksName = "chain_breaks";
    public const string RejectedName = "rejected";

    /// <summary>Rows, also those of hidden accounts and those that do not count.</summary>
    public long Posts { get; init; }
    public long Likes { get; init; }
    public long Reposts { get; init; }
    public long Follows { get; init; }
    public long Blocks { get; init; }

    /// <summary>Repositories of which events are missing.</summary>
    public long Desynchronized { get; init; }

    /// <summary>How often a repository's chain of revisions did not fit.</summary>
    public long ChainBreaks { get; init; }

    /// <summary>Records that did not fit their table.</summary>
    public long Rejected { get; init; }

    /// <summary>The name under which the rows of <paramref name="table"/> are counted.</summary>
    public static string NameOf(RecordTable table) => table switch
    {
        RecordTable.Posts => "posts",
        RecordTable.Likes => "likes",
        RecordTable.Reposts => "reposts",
        RecordTable.Follows => "follows",
        RecordTable.Blocks => "blocks",
        _ => "profiles",
    };

    /// <summary>The totals as stored by name.</summary>
    public static FirehoseTotals Of(IReadOnlyDictionary<string, long> values)
    {
        long Value(string name) => values.GetValueOrDefault(name);
        return new FirehoseTotals
        {
            Posts = Value(NameOf(RecordTable.Posts)),
            Likes = Value(NameOf(RecordTable.Likes)),
            Reposts = Value(NameOf(RecordTable.Reposts)),
            Follows = Value(NameOf(RecordTable.Follows)),
            Blocks = Value(NameOf(RecordTable.Blocks)),
            Desynchronized = Value(DesynchronizedName),
            ChainBreaks = Value(ChainBreaksName),
            Rejected = Value(RejectedName),
        };
    }
}
