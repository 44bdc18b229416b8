using Millrace.Outcomes;

namespace Millrace.Handling;

/// <summary>Buries deliveries of tenants that the worker does not serve, before any user code sees them.</summary>
internal sealed class TenantStep(TenantRule rule)
{
    public ValueTask<Outcome> InvokeAsync(HandlerContext context, HandlerDelegate next, CancellationToken stopping) =>
        rule.Refuse(context.Delivery.Tenant) is { } refusal ? new(Outcome.Dead(refusal)) : next(context, stopping);
}
