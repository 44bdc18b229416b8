using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Handling;
using Millrace.Sources;

namespace Millrace.Hosting;

/// <summary>Collects the workers of a process; made by <see cref="MillraceServices.AddMillrace"/>.</summary>
public sealed class MillraceBuilder
{
    internal MillraceBuilder(IServiceCollection services) => Services = services;

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    internal List<WorkerRegistration> Workers { get; } = [];

    /// <summary>Adds a worker whose handler is a delegate over the raw body.</summary>
    public MillraceBuilder AddWorker(string name, HandleMessage<ReadOnlyMemory<byte>> handle, Action<WorkerOptions>? configure = null) =>
        Add(name, _ => new DelegateHandler<ReadOnlyMemory<byte>>(handle), MessageReaders.Raw, configure);

    /// <summary>Adds a worker whose handler is a delegate over a JSON body.</summary>
    public MillraceBuilder AddWorker<T>(string name, JsonTypeInfo<T> type, HandleMessage<T> handle, Action<WorkerOptions>? configure = null) =>
        Add(name, _ => new DelegateHandler<T>(handle), MessageReaders.Json(type), configure);

    /// <summary>Adds a worker; its handler is made once, with the host's services as constructor arguments.</summary>
    public MillraceBuilder AddWorker<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string name, MessageReader<T> reader, Action<WorkerOptions>? configure = null)
        where THandler : class, IHandler<T> =>
        Add<T>(name, services => ActivatorUtilities.GetServiceOrCreateInstance<THandler>(services), reader, configure);

    /// <summary>Adds a worker with a batch handler, made once, with the host's services as constructor arguments.</summary>
    public MillraceBuilder AddBatchWorker<T, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler>(
        string name, MessageReader<T> reader, Action<WorkerOptions>? configure = null)
        where THandler : class, IBatchHandler<T> =>
        AddBatchWorker(name, services => ActivatorUtilities.GetServiceOrCreateInstance<THandler>(services), reader, configure);

    /// <summary>Adds a worker with a batch handler made by <paramref name="make"/>.</summary>
    public MillraceBuilder AddBatchWorker<T>(string name, Func<IServiceProvider, IBatchHandler<T>> make, MessageReader<T> reader, Action<WorkerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(make);
        ArgumentNullException.ThrowIfNull(reader);
        var options = Configured(configure);
        return Register(new(name, options, settings => new(null, new BatchPipeline<T>(settings, make(settings.Services!), reader, options.Order != Order.None).RunAsync), null) { Batched = true });
    }

    private MillraceBuilder Add<T>(string name, Func<IServiceProvider, IHandler<T>> make, MessageReader<T> reader, Action<WorkerOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = Configured(configure);
        return Register(new(name, options, settings =>
        {
            var handler = new SingleHandler<T>(make(settings.Services!), reader, settings.MaxBodyBytes);
            return new(new HandlerPipeline(settings, handler.InvokeAsync).RunAsync, null);
        }, null));
    }

    private static WorkerOptions Configured(Action<WorkerOptions>? configure)
    {
        var options = new WorkerOptions();
        configure?.Invoke(options);
        return options;
    }

    private MillraceBuilder Register(WorkerRegistration worker)
    {
        ArgumentNullException.ThrowIfNull(worker.Name);
        Workers.Add(worker);
        return this;
    }
}
