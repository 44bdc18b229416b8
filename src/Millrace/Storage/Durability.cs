namespace Millrace.Storage;

/// <summary>Whether a store's settings support the promise that nothing accepted is lost.</summary>
/// <param name="Durable">True when every condition holds.</param>
/// <param name="Findings">Each condition that does not hold, in one line.</param>
public sealed record Durability(bool Durable, IReadOnlyList<string> Findings);

/// <summary>A store cannot be used as configured; the message says what, where, got, allowed and what to do.</summary>
public sealed class StoreException : Exception
{
    /// <summary>Makes the error with its stable <paramref name="code"/> (`DB001`, `MIG001`, `DUR001`…).</summary>
    public StoreException(string code, string message, Exception? inner = null)
        : base($"{code} {message}", inner) => Code = code;

    /// <summary>The stable code.</summary>
    public string Code { get; }
}
