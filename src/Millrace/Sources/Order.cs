namespace Millrace.Sources;

/// <summary>Which deliveries wait for each other.</summary>
public enum Order
{
    /// <summary>None: every slot takes the next delivery.</summary>
    None,

    /// <summary>Deliveries of one key run one after another, in the order they were published; keys run in parallel.</summary>
    PerKey,
}

/// <summary>What becomes of a key whose head died, with <see cref="Order.PerKey"/>.</summary>
public enum DeadHeadPolicy
{
    /// <summary>The key goes on with its next delivery.</summary>
    Continue,

    /// <summary>The key waits until the dead letter is requeued (it then runs first) or discarded.</summary>
    Hold,
}
