using System.Globalization;
using CsCheck;

namespace Millrace.Conformance.Modelling;

/// <summary>
/// Random operations on a store beside a plain reference model: invariants I1 to I5 and I10 after every one of them. A failure prints
/// the shortest run found and its seed: set CsCheck_Seed to it to replay, and keep it in <see cref="Regressions"/>.
/// </summary>
public abstract class StoreModelConformance<THarness> : IAsyncLifetime
    where THarness : JobStoreHarness, new()
{
    private const int FullGuard = 30 * 60_000;

    // A queue of its own is as good as a store of its own, and far cheaper; but time passes, and finished jobs are pruned, for all queues of a store.
    private const int RunsOfOneStore = 50;

    private THarness _harness = new();
    private int _runs;
    private int _operations;

    /// <summary>Seeds that once failed on this store; each is replayed on every test run.</summary>
    protected virtual IReadOnlyList<string> Regressions => [];

    /// <summary>How many operations the quick and the full lane play; fewer, or none in the quick one, where the same store is played elsewhere too, or lies behind a network.</summary>
    protected virtual (int Quick, int Full) Operations => (1_000, 200_000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _harness.InitializeAsync();

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact(Timeout = FullGuard)]
    public async Task The_store_agrees_with_the_model()
    {
        var wanted = FullLane.Runs ? Operations.Full : Operations.Quick;
        Assert.SkipWhen(wanted == 0, FullLane.Reason);
        // A run has 50 operations on average; another round makes up for a short draw.
        while (_operations < wanted)
            await StoreOperation.Runs.SampleAsync(PlayAsync, iter: Math.Max(10, (wanted - _operations) / 50), threads: 1, print: run => run.Describe());
        TestContext.Current.SendDiagnosticMessage("{0} operations in {1} runs", _operations, _runs);
    }

    [Fact(Timeout = FullGuard)]
    public async Task Seeds_that_failed_before_pass()
    {
        foreach (var seed in Regressions)
            await StoreOperation.Runs.SampleAsync(PlayAsync, seed: seed, iter: 1, threads: 1, print: run => run.Describe());
    }

    private async Task PlayAsync(StoreRun run)
    {
        _operations += run.Operations.Length;
        if (_runs > 0 && _runs % RunsOfOneStore == 0) await ReplaceStoreAsync();
        await using var play = new ModelRun(_harness, run, string.Create(CultureInfo.InvariantCulture, $"model-{++_runs}"), Stop);
        await play.PlayAsync();
    }

    private async Task ReplaceStoreAsync()
    {
        await _harness.DisposeAsync();
        _harness = new();
        await _harness.InitializeAsync();
    }
}
