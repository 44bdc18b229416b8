using Millrace.Outcomes;

namespace Millrace.Handling;

/// <summary>The rest of the pipeline, down to the handler.</summary>
public delegate ValueTask<Outcome> HandlerDelegate(HandlerContext context, CancellationToken stopping);

/// <summary>One step around the handler: calls <paramref name="next"/> or decides itself. What it throws, the retry policy decides.</summary>
public delegate ValueTask<Outcome> HandlerStep(HandlerContext context, HandlerDelegate next, CancellationToken stopping);
