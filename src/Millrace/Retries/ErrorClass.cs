namespace Millrace.Retries;

/// <summary>What kind of failure an error is; decides once what becomes of the attempt (reference: invariant I6).</summary>
public enum ErrorClass
{
    /// <summary>Nothing is known of it: tried again like a transient one, but a batch is halved to find the item it belongs to.</summary>
    Unknown,

    /// <summary>Will pass by itself, and concerns everything that needs the same dependency: tried again with backoff.</summary>
    Transient,

    /// <summary>The other side asks for patience: tried again when it says, without spending an attempt.</summary>
    Throttled,

    /// <summary>Will fail the same way again: dead at once.</summary>
    Permanent,

    /// <summary>Endangers the process or cannot be read: dead at once.</summary>
    Poison,
}
