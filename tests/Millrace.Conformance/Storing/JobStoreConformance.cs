using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Conformance.Storing;

/// <summary>What every job store must do beyond being a source: the twin of <see cref="Sourcing.SourceConformance{THarness}"/>.</summary>
public abstract partial class JobStoreConformance<THarness> : IAsyncLifetime
    where THarness : JobStoreHarness, new()
{
    protected THarness Harness { get; } = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    private JobStore Store => Harness.Store;

    public ValueTask InitializeAsync() => Harness.InitializeAsync();

    public ValueTask DisposeAsync() => Harness.DisposeAsync();

    /// <summary>Publishes the jobs and buries each with its body as the reason.</summary>
    private async Task<string[]> BuryAsync(params NewJob[] jobs)
    {
        var accepted = await Store.EnqueueAsync(jobs, Stop);
        await using var source = Harness.Open();
        foreach (var delivery in await source.TakeAsync(jobs.Length, Stop))
            await source.WriteAsync(delivery, Outcome.Dead(delivery.Text()), Stop);
        return [.. accepted.Select(result => result.Id)];
    }

    private async Task<string[]> ListAsync(DeadLetterFilter filter) =>
        [.. (await Store.ListDeadLettersAsync(filter, Stop).ToListAsync(Stop)).Select(letter => letter.Reason)];

    /// <summary>Runs the action and returns the one audit entry it must have written.</summary>
    private async Task<AuditEntry> OneEntryAsync(Func<Task> action)
    {
        await Store.AuditAsync("suite", "before", "", null, Stop);
        await action();
        var entries = await Store.ListAuditAsync(100, Stop);
        return Assert.Single(entries.TakeWhile(entry => entry.Action != "before"));
    }
}
