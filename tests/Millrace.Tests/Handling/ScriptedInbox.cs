using Millrace.Handling;
using Millrace.Sources;

namespace Millrace.Tests.Handling;

/// <summary>Knows some bodies, and cannot be asked about others on their first attempt.</summary>
internal sealed class ScriptedInbox : Inbox
{
    public HashSet<string> Recorded { get; } = [];

    public HashSet<string> Failing { get; } = [];

    public override ValueTask<bool> ContainsAsync(string worker, Delivery delivery, CancellationToken stopping)
    {
        var body = Text.Of(delivery.Body);
        if (delivery.Attempt == 1 && Failing.Contains(body)) throw new TimeoutException("the inbox is away");
        return ValueTask.FromResult(Recorded.Contains(body));
    }
}
