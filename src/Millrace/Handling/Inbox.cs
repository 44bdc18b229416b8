using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>Remembers which deliveries a worker has dealt with, in the database that holds the effects, so that effect and record commit together.</summary>
public abstract class Inbox
{
    /// <summary>Whether <paramref name="worker"/> has recorded <paramref name="delivery"/>; the pipeline then completes it without running the handler.</summary>
    public abstract ValueTask<bool> ContainsAsync(string worker, Delivery delivery, CancellationToken stopping);
}
