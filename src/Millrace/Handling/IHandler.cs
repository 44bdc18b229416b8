namespace Millrace.Handling;

/// <summary>Handles one message at a time. Returning completes the delivery; throwing lets the retry policy decide. One instance serves all slots of a worker.</summary>
/// <typeparam name="T">What the body is read as; <see cref="ReadOnlyMemory{Byte}"/> takes the raw bytes.</typeparam>
public interface IHandler<in T>
{
    /// <summary>Does the work.</summary>
    /// <param name="message">The body, read.</param>
    /// <param name="context">The delivery and what the handler may ask; valid until the returned task ends.</param>
    /// <param name="stopping">Set when the attempt must end: time-out, lost claim, cancel, or the drain deadline.</param>
    ValueTask HandleAsync(T message, HandlerContext context, CancellationToken stopping);
}

/// <summary>Handles many messages at once, for work that is cheaper together, such as rows in one transaction.</summary>
/// <typeparam name="T">What each body is read as; <see cref="ReadOnlyMemory{Byte}"/> takes the raw bytes.</typeparam>
public interface IBatchHandler<T>
{
    /// <summary>
    /// Does the work. Items start as completed; <see cref="Batch{T}.Decide"/> says otherwise for one. Throwing means that nothing was
    /// done: the batch is then halved until the failing item stands alone, and the rest is handled without it.
    /// </summary>
    /// <param name="batch">The items; those of one key stand in order, and no other batch holds that key meanwhile.</param>
    /// <param name="stopping">Set when the attempt must end.</param>
    ValueTask HandleAsync(Batch<T> batch, CancellationToken stopping);
}
