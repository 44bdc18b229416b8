using System.Text;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance;

/// <summary>A backend under test: one fresh namespace a test, and hands to reach what a source alone does not show.</summary>
public abstract class SourceHarness : IAsyncLifetime
{
    /// <summary>A hanging test fails after so many milliseconds; no test waits for it.</summary>
    public const int Guard = 120_000;

    /// <summary>The lease of every source of the suite.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>The queue of this test.</summary>
    public string Queue { get; } = "suite";

    /// <summary>What the backend's sources claim to do; the suite compares it with what they say themselves.</summary>
    public abstract SourceCapabilities Capabilities { get; }

    /// <summary>What this harness can do to its backend.</summary>
    public virtual HarnessAbilities Abilities => HarnessAbilities.None;

    /// <summary>Whether the claims of one source live and lapse together, each fetch that brings something being a sign of life for all of them.</summary>
    public virtual bool LeasesByOwner => false;

    /// <summary>Starts with an empty namespace.</summary>
    public abstract ValueTask InitializeAsync();

    /// <summary>Ends what was started and removes what was written; sources that tests abandoned may still be open.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Another owner, as another process would be.</summary>
    public abstract Source Open(SourceOptions options);

    /// <summary>Publishes the jobs as one unit, in order.</summary>
    public abstract ValueTask FillAsync(IReadOnlyList<NewJob> jobs, CancellationToken stop);

    /// <summary>Lets the backend's clock pass.</summary>
    public abstract ValueTask AdvanceAsync(TimeSpan by, CancellationToken stop);

    /// <summary>The dead letters of the queue, oldest first.</summary>
    public abstract ValueTask<IReadOnlyList<DeadLetter>> DeadAsync(CancellationToken stop);

    /// <summary>See <see cref="HarnessAbilities.Restart"/>; sources opened before are of no use after.</summary>
    public virtual ValueTask RestartAsync(CancellationToken stop) => throw new NotSupportedException();

    /// <summary>See <see cref="HarnessAbilities.Cut"/>.</summary>
    public virtual ValueTask CutAsync(CancellationToken stop) => throw new NotSupportedException();

    public Source Open(Order order = Order.None, DeadHeadPolicy deadHead = DeadHeadPolicy.Continue) =>
        Open(new SourceOptions { Queue = Queue, Order = order, DeadHead = deadHead, Lease = Lease });

    public ValueTask FillAsync(string body, CancellationToken stop) => FillAsync([Job(body)], stop);

    public ValueTask FillAsync(IEnumerable<string> bodies, CancellationToken stop) => FillAsync([.. bodies.Select(body => Job(body))], stop);

    /// <summary>A job of this test's queue.</summary>
    public NewJob Job(string body, string? key = null) => new() { Queue = Queue, Body = Encoding.UTF8.GetBytes(body), Key = key };

    /// <summary>Lets every claim that is not renewed lapse.</summary>
    public ValueTask ElapseLeaseAsync(CancellationToken stop) => AdvanceAsync(Lease + TimeSpan.FromSeconds(1), stop);

    public void Need(SourceCapabilities needed) =>
        Assert.SkipUnless((Capabilities & needed) == needed, $"This source does not do {needed & ~Capabilities} natively; the engine supplies it.");

    public void Need(HarnessAbilities needed, string why) =>
        Assert.SkipUnless((Abilities & needed) == needed, $"This backend has no {needed}: {why}");
}
