using Millrace.Outcomes;

namespace Millrace.Handling;

/// <summary>Completes a delivery whose effect is already recorded.</summary>
internal sealed class InboxStep(Inbox inbox)
{
    public async ValueTask<Outcome> InvokeAsync(HandlerContext context, HandlerDelegate next, CancellationToken stopping) =>
        await inbox.ContainsAsync(context.Worker, context.Delivery, stopping) ? Outcome.Completed : await next(context, stopping);
}
