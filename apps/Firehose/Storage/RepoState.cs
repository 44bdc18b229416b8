namespace Firehose.Storage;

/// <summary>What is known of one repository and its account while a batch is folded.</summary>
internal sealed class RepoState(string did)
{
    /// <summary>The status of an account that is seen.</summary>
    public const string ActiveStatus = "active";

    /// <summary>The status of an account whose records are gone.</summary>
    public const string DeletedStatus = "deleted";

    /// <summary>Whose.</summary>
    public string Did => did;

    /// <summary>True until the first event of a repository that was never seen.</summary>
    public bool IsNew { get; set; }

    /// <summary>The revision that the tables hold, or null before the first commit.</summary>
    public string? Rev { get; set; }

    /// <summary>The tree root at <see cref="Rev"/> as text, or null when unknown.</summary>
    public string? Data { get; set; }

    /// <summary>True when events are missing: the contents need to be fetched again.</summary>
    public bool Desynchronized { get; set; }

    /// <summary>The account's status at the relay.</summary>
    public string AccountStatus { get; set; } = ActiveStatus;

    /// <summary>The latest `#identity`.</summary>
    public EventMark Identity { get; set; }

    /// <summary>The latest `#account`.</summary>
    public EventMark Account { get; set; }

    /// <summary>A handle to store, or null.</summary>
    public string? NewHandle { get; set; }

    /// <summary>True when the state itself has to be written.</summary>
    public bool Changed { get; set; }

    /// <summary>When the account's row was last changed by this batch, or null when it was not.</summary>
    public DateTimeOffset? UserChangedAt { get; set; }

    /// <summary>Whether commits are to be ignored. An account that is only throttled or desynchronized at the relay goes on.</summary>
    public bool Inactive => AccountStatus is not (ActiveStatus or "throttled" or "desynchronized");
}

/// <summary>Where in the stream an event without a revision stood.</summary>
/// <param name="Seq">Its sequence number at its relay.</param>
/// <param name="At">Its time, or null before the first.</param>
internal readonly record struct EventMark(long Seq, DateTimeOffset? At)
{
    /// <summary>
    /// Whether an event at <paramref name="other"/> came before. Both have to say so: another relay counts from another number, and
    /// time stamps of one relay may stand still.
    /// </summary>
    public bool Covers(EventMark other) => other.Seq <= Seq && other.At <= At;
}
