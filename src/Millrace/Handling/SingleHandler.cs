using Millrace.Outcomes;

namespace Millrace.Handling;

/// <summary>The innermost call: reads the body and runs the user's handler.</summary>
internal sealed class SingleHandler<T>(IHandler<T> handler, MessageReader<T> reader, int maxBodyBytes)
{
    public ValueTask<Outcome> InvokeAsync(HandlerContext context, CancellationToken stopping)
    {
        if (!MessageReaders.TryRead(reader, context.Delivery.Body, maxBodyBytes, out var message, out var fault))
            return new(Outcome.Dead(fault!));
        var handling = handler.HandleAsync(message, context, stopping);
        return handling.IsCompletedSuccessfully ? new(context.Decision ?? Outcome.Completed) : AwaitAsync(handling, context);
    }

    private static async ValueTask<Outcome> AwaitAsync(ValueTask handling, HandlerContext context)
    {
        await handling;
        return context.Decision ?? Outcome.Completed;
    }
}
