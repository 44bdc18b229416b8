namespace Firehose;

/// <summary>What this process does of the firehose.</summary>
[Flags]
public enum FirehoseRoles
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Reads the relay into the queue.</summary>
    Reader = 1,

    /// <summary>Applies queued events to the tables.</summary>
    Writer = 2,

    /// <summary>Both.</summary>
    All = Reader | Writer,
}
