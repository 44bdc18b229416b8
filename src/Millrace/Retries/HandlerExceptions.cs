namespace Millrace.Retries;

/// <summary>Thrown by a handler: trying again is of no use, make it a dead letter.</summary>
public sealed class PermanentException : Exception
{
    /// <summary>Says why.</summary>
    public PermanentException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Thrown by a handler: it will pass, try again with backoff.</summary>
public sealed class TransientException : Exception
{
    /// <summary>Says why.</summary>
    public TransientException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>Thrown by a handler: the other side asks for patience (HTTP 429 or 503 with Retry-After).</summary>
public sealed class ThrottledException : Exception
{
    /// <summary>Says why and for how long; without <paramref name="retryAfter"/> the policy's backoff decides.</summary>
    public ThrottledException(string message, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(message, inner) => RetryAfter = retryAfter;

    /// <summary>How long the other side asks to wait, or null.</summary>
    public TimeSpan? RetryAfter { get; }
}
