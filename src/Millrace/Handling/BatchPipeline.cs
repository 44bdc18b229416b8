using Millrace.Diagnostics;
using Millrace.Dispatch;
using Millrace.Outcomes;
using Millrace.Retries;
using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>
/// The steps around a batch handler. Items that may not run (quarantined, foreign tenant, recorded, unreadable) are decided one by one; the
/// rest is handed over together. When the handler throws for a cause that is not everybody's, the batch is halved, first half first, until
/// the failing item stands alone; an item behind one of its key that is not over (to be retried, snoozed, or dead where a dead head holds
/// its key) is given back, so order holds.
/// </summary>
internal sealed class BatchPipeline<T>(PipelineSettings settings, IBatchHandler<T> handler, MessageReader<T> reader, bool ordered)
{
    public async ValueTask RunAsync(IReadOnlyList<Delivery> deliveries, Outcome[] outcomes, Attempt attempt)
    {
        using var span = AttemptSpan.Wanted ? AttemptSpan.StartBatch(settings, deliveries) : null;
        var started = settings.Time.GetTimestamp();
        await MarkRunningAsync(deliveries);
        try
        {
            var run = new Run(deliveries, outcomes, attempt);
            await AdmitAsync(run);
            await HandleAsync(run, 0, run.Items.Count);
        }
        finally
        {
            foreach (var delivery in deliveries) settings.Source.MarkDone(delivery);
        }

        settings.Meters.ProcessedBatch(settings.Time.GetElapsedTime(started), deliveries, outcomes);
    }

    /// <summary>Those that must be written down first are so together.</summary>
    private async ValueTask MarkRunningAsync(IReadOnlyList<Delivery> deliveries)
    {
        List<Task>? waiting = null;
        foreach (var delivery in deliveries)
        {
            var marked = settings.Source.MarkRunningAsync(delivery);
            if (!marked.IsCompletedSuccessfully) (waiting ??= []).Add(marked.AsTask());
        }

        if (waiting is not null) await Task.WhenAll(waiting);
    }

    private async ValueTask AdmitAsync(Run run)
    {
        for (var i = 0; i < run.Deliveries.Count; i++)
        {
            var delivery = run.Deliveries[i];
            if (IsBlocked(run, i))
            {
                run.Outcomes[i] = Outcome.Released;
                continue;
            }

            try
            {
                run.Outcomes[i] = await RefuseAsync(delivery, run.Attempt) ?? Read(run, i);
            }
            catch (Exception error)
            {
                run.Outcomes[i] = settings.Decide(delivery, error, run.Attempt);
            }

            Block(run, i);
        }
    }

    private async ValueTask<Outcome?> RefuseAsync(Delivery delivery, Attempt attempt)
    {
        if (delivery.Claim == ClaimState.Cancelled) return Outcome.Cancelled;
        if (delivery.Claim == ClaimState.Lost) return Outcome.Released;
        if (settings.Retries.Quarantine(delivery) is { } quarantined) return settings.Report(delivery, quarantined, null);
        if (settings.Tenants.Guards && settings.Tenants.Refuse(delivery.Tenant) is { } refusal)
            return settings.Report(delivery, Outcome.Dead(refusal), null);
        return settings.Inbox is { } inbox && await inbox.ContainsAsync(settings.Worker, delivery, attempt.Token) ? Outcome.Completed : null;
    }

    private Outcome Read(Run run, int index)
    {
        var delivery = run.Deliveries[index];
        if (!MessageReaders.TryRead(reader, delivery.Body, settings.MaxBodyBytes, out var message, out var fault))
            return settings.Report(delivery, Outcome.Dead(fault!), null);
        settings.Retries.Started(delivery);
        run.Items.Add(new(message, new HandlerContext(delivery, settings.Scope)));
        run.Positions.Add(index);
        return Outcome.Completed;
    }

    private async ValueTask HandleAsync(Run run, int start, int count)
    {
        ReleaseBlocked(run, start, count);
        var (items, positions) = run.Slice(start, count);
        if (items.Count == 0) return;
        var batch = new Batch<T>(items);
        Exception failure;
        try
        {
            CrashPoints.Reach("handle.started");
            await handler.HandleAsync(batch, run.Attempt.Token);
            CrashPoints.Reach("handle.returned");
            for (var i = 0; i < items.Count; i++)
                Decided(run, positions[i], items[i].Context.Decision ?? batch.Outcomes[i], null);
            return;
        }
        catch (Exception error)
        {
            failure = error;
        }

        if (count == 1 || items.Count == 1 || IsEverybodys(failure, run.Attempt))
        {
            for (var i = 0; i < items.Count; i++)
                Decided(run, positions[i], settings.Decide(items[i].Context.Delivery, failure, run.Attempt), failure);
            return;
        }

        Log.BatchHalved(settings.Logger, items.Count, settings.Worker, failure);
        run.Attempt.Renew(settings.Time.GetTimestamp());
        await HandleAsync(run, start, count / 2);
        await HandleAsync(run, start + (count / 2), count - (count / 2));
    }

    /// <summary>A stop or a lost claim ends all items, and a broken dependency fails all of them: to halve would only ask it more often.</summary>
    private bool IsEverybodys(Exception failure, Attempt attempt) =>
        attempt.Interruption is Interruption.Stop or Interruption.Lost or Interruption.Cancel
        || (attempt.Interruption == Interruption.None && settings.Retries.Classify(failure) is ErrorClass.Transient or ErrorClass.Throttled);

    private void Decided(Run run, int position, Outcome outcome, Exception? failure)
    {
        var delivery = run.Deliveries[position];
        run.Outcomes[position] = outcome;
        if (failure is null && outcome is Outcome.DeadOutcome) settings.Report(delivery, outcome, null);
        Block(run, position);
    }

    /// <summary>Whatever comes behind an item of its key that is not over waits for it.</summary>
    private void Block(Run run, int position)
    {
        if (!ordered || run.Deliveries[position].Key is not { } key) return;
        var holds = run.Outcomes[position] switch
        {
            Outcome.RetryOutcome or Outcome.SnoozedOutcome => true,
            Outcome.DeadOutcome => settings.Source.Options.DeadHead == DeadHeadPolicy.Hold,
            _ => false,
        };
        if (!holds) return;
        run.BlockedKeys ??= new(StringComparer.Ordinal);
        if (!run.BlockedKeys.TryGetValue(key, out var first) || position < first) run.BlockedKeys[key] = position;
    }

    /// <summary>Whether an earlier item of its key is not over.</summary>
    private static bool IsBlocked(Run run, int position) =>
        run.BlockedKeys is { } blocked && run.Deliveries[position].Key is { } key && blocked.TryGetValue(key, out var first) && first < position;

    private static void ReleaseBlocked(Run run, int start, int count)
    {
        if (run.BlockedKeys is null) return;
        for (var i = start; i < start + count; i++)
        {
            if (!IsBlocked(run, run.Positions[i])) continue;
            run.Outcomes[run.Positions[i]] = Outcome.Released;
            run.Released.Add(i);
        }
    }

    /// <summary>One call of the dispatcher: what was handed in, what may run, and which keys failed so far.</summary>
    private sealed class Run(IReadOnlyList<Delivery> deliveries, Outcome[] outcomes, Attempt attempt)
    {
        public IReadOnlyList<Delivery> Deliveries => deliveries;

        public Outcome[] Outcomes => outcomes;

        public Attempt Attempt => attempt;

        public List<BatchItem<T>> Items { get; } = new(deliveries.Count);

        /// <summary>Where each item stands among the deliveries.</summary>
        public List<int> Positions { get; } = new(deliveries.Count);

        /// <summary>Keys with an item that is not over, and where the first such stands.</summary>
        public Dictionary<string, int>? BlockedKeys { get; set; }

        public HashSet<int> Released { get; } = [];

        public (IReadOnlyList<BatchItem<T>> Items, IReadOnlyList<int> Positions) Slice(int start, int count)
        {
            if (count == Items.Count && Released.Count == 0) return (Items, Positions);
            var items = new List<BatchItem<T>>(count);
            var positions = new List<int>(count);
            for (var i = start; i < start + count; i++)
            {
                if (Released.Contains(i)) continue;
                items.Add(Items[i]);
                positions.Add(Positions[i]);
            }

            return (items, positions);
        }
    }
}
