using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Conformance;

/// <summary>A job store under test, whose sources are tested through it.</summary>
public abstract class JobStoreHarness : SourceHarness
{
    /// <summary>The store, open.</summary>
    public abstract JobStore Store { get; }

    /// <summary>How long the store keeps finished jobs, as the harness opens it.</summary>
    public static Retention Retention { get; } = new() { MaxAge = TimeSpan.FromHours(1), MaxCount = 5 };

    public override SourceCapabilities Capabilities =>
        SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry | SourceCapabilities.Leases | SourceCapabilities.DeadLetters
        | SourceCapabilities.CrashCounts | SourceCapabilities.Priorities | SourceCapabilities.OutOfOrderSettlement;

    public override Source Open(SourceOptions options) => Store.OpenSource(options);

    public override async ValueTask FillAsync(IReadOnlyList<NewJob> jobs, CancellationToken stop) => await Store.EnqueueAsync(jobs, stop);

    public override async ValueTask<IReadOnlyList<DeadLetter>> DeadAsync(CancellationToken stop) =>
        await Store.ListDeadLettersAsync(new DeadLetterFilter { Queue = Queue }, stop).ToListAsync(stop);

    public async ValueTask<string> EnqueueAsync(NewJob job, CancellationToken stop) =>
        (await Store.EnqueueAsync([job], stop))[0].Id;
}
