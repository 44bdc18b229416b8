namespace Millrace.Handling;

/// <summary>A handler in one line.</summary>
public delegate ValueTask HandleMessage<in T>(T message, HandlerContext context, CancellationToken stopping);

/// <summary>Makes a handler of a delegate.</summary>
internal sealed class DelegateHandler<T>(HandleMessage<T> handle) : IHandler<T>
{
    public ValueTask HandleAsync(T message, HandlerContext context, CancellationToken stopping) => handle(message, context, stopping);
}
