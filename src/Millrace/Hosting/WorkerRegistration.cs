using Millrace.Dispatch;
using Millrace.Handling;
using Millrace.Sources;

namespace Millrace.Hosting;

/// <summary>A worker as registered: its options and how to make its handler.</summary>
internal sealed record WorkerRegistration(string Name, WorkerOptions Options, Func<PipelineSettings, HandlerCall> MakeHandler, Func<IServiceProvider, SourceOptions, Source>? OpenSource)
{
    public string Queue => Options.Queue ?? Name;

    /// <summary>True for batch handlers.</summary>
    public bool Batched { get; init; }
}

/// <summary>A handler behind its pipeline: one of the two is set.</summary>
internal readonly record struct HandlerCall(HandleDelivery? One, HandleDeliveries? Many);
