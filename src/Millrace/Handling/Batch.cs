using System.Collections;
using Millrace.Outcomes;

namespace Millrace.Handling;

/// <summary>The items of one call of a batch handler, with an outcome for each.</summary>
public sealed class Batch<T> : IReadOnlyList<BatchItem<T>>
{
    private readonly IReadOnlyList<BatchItem<T>> _items;
    private readonly Outcome[] _outcomes;

    /// <summary>A batch in which every item counts as completed.</summary>
    public Batch(IReadOnlyList<BatchItem<T>> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _items = items;
        _outcomes = new Outcome[items.Count];
        Array.Fill(_outcomes, Outcome.Completed);
    }

    /// <inheritdoc/>
    public int Count => _items.Count;

    /// <inheritdoc/>
    public BatchItem<T> this[int index] => _items[index];

    /// <summary>The outcome of each item so far.</summary>
    public IReadOnlyList<Outcome> Outcomes => _outcomes;

    /// <summary>Gives the item at <paramref name="index"/> an outcome of its own.</summary>
    public void Decide(int index, Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        _outcomes[index] = outcome;
    }

    /// <inheritdoc/>
    public IEnumerator<BatchItem<T>> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>One message of a batch.</summary>
/// <param name="Message">The body, read.</param>
/// <param name="Context">Its delivery.</param>
public readonly record struct BatchItem<T>(T Message, HandlerContext Context);
