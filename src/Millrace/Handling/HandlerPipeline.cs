using Millrace.Diagnostics;
using Millrace.Dispatch;
using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>
/// The steps around one handler, outermost first: trace and metrics, crash ledger, tenant guard, inbox, user steps, handler. The time-out is
/// the dispatcher's: it interrupts the attempt, so that no delivery needs a timer of its own. The one place that turns errors into outcomes.
/// </summary>
internal sealed class HandlerPipeline
{
    private readonly PipelineSettings _settings;
    private readonly HandlerDelegate _steps;

    public HandlerPipeline(PipelineSettings settings, HandlerDelegate handler)
    {
        _settings = settings;
        var chain = handler;
        foreach (var step in settings.Steps.Reverse()) chain = Wrap(step, chain);
        if (settings.Inbox is { } inbox) chain = Wrap(new InboxStep(inbox).InvokeAsync, chain);
        if (settings.Tenants.Guards) chain = Wrap(new TenantStep(settings.Tenants).InvokeAsync, chain);
        _steps = chain;
    }

    public ValueTask<Outcome> RunAsync(Delivery delivery, Attempt attempt)
    {
        if (delivery.Claim == ClaimState.Cancelled) return new(Outcome.Cancelled);
        // Lost while it waited for a slot: somebody else may hold it, and the source refuses what we write.
        if (delivery.Claim == ClaimState.Lost) return new(Outcome.Released);
        return AttemptSpan.Wanted ? TracedAsync(delivery, attempt) : MeasuredAsync(delivery, attempt);
    }

    private static HandlerDelegate Wrap(HandlerStep step, HandlerDelegate next) => (context, stopping) => step(context, next, stopping);

    private async ValueTask<Outcome> TracedAsync(Delivery delivery, Attempt attempt)
    {
        using var span = AttemptSpan.Start(_settings, delivery);
        var outcome = await MeasuredAsync(delivery, attempt);
        AttemptSpan.End(span, outcome);
        return outcome;
    }

    private ValueTask<Outcome> MeasuredAsync(Delivery delivery, Attempt attempt) =>
        MillraceTelemetry.ProcessDuration.Enabled ? TimedAsync(delivery, attempt) : DecideAsync(delivery, attempt);

    private async ValueTask<Outcome> TimedAsync(Delivery delivery, Attempt attempt)
    {
        var started = _settings.Time.GetTimestamp();
        var outcome = await DecideAsync(delivery, attempt);
        _settings.Meters.Processed(_settings.Time.GetElapsedTime(started), delivery, outcome);
        return outcome;
    }

    private async ValueTask<Outcome> DecideAsync(Delivery delivery, Attempt attempt)
    {
        if (_settings.Retries.Quarantine(delivery) is { } quarantined) return _settings.Report(delivery, quarantined, null);
        _settings.Retries.Started(delivery);
        await _settings.Source.MarkRunningAsync(delivery);
        try
        {
            CrashPoints.Reach("handle.started");
            var context = new HandlerContext(delivery, _settings.Scope);
            var outcome = await _steps(context, attempt.Token);
            CrashPoints.Reach("handle.returned");
            return outcome is Outcome.DeadOutcome ? _settings.Report(delivery, outcome, null) : outcome;
        }
        catch (Exception error)
        {
            return _settings.Decide(delivery, error, attempt);
        }
        finally
        {
            _settings.Source.MarkDone(delivery);
        }
    }
}
