using Firehose.Monitoring;
using Millrace.Hosting;

namespace Millrace.Worker.Status;

/// <summary>Why the process cannot do its work now: the engine's reasons and those of the systems it runs.</summary>
internal sealed class ReadinessCheck(MillraceControl control, FirehoseMonitor firehose, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Each reason in one line; empty when it is ready.</summary>
    public async ValueTask<IReadOnlyList<string>> RunAsync(CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, aborted);
        var reasons = new List<string>();
        try
        {
            reasons.AddRange(await control.CheckReadyAsync(either.Token));
            reasons.AddRange(await firehose.CheckReadyAsync(either.Token));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            reasons.Add($"the store did not answer within {Patience.TotalSeconds} s");
        }

        return reasons;
    }
}
