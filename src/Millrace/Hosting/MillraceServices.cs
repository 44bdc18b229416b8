using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Millrace.Hosting;
using Millrace.Publishing;
using Millrace.Storage;
using Millrace.Storage.InMemory;

namespace Millrace;

/// <summary>Puts Millrace into a host.</summary>
public static class MillraceServices
{
    /// <summary>Adds the engine; call <c>Use…</c> on the result for a store and <c>AddWorker</c> for each worker. A second call returns the same builder.</summary>
    public static MillraceBuilder AddMillrace(this IServiceCollection services, Action<MillraceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null) services.Configure(configure);
        if (services.FirstOrDefault(service => service.ServiceType == typeof(MillraceBuilder))?.ImplementationInstance is MillraceBuilder known) return known;

        var builder = new MillraceBuilder(services);
        services.AddSingleton(builder);
        services.AddOptions<MillraceOptions>();
        services.TryAddSingleton(TimeProvider.System);
#pragma warning disable RS0030 // The one place that hands out the shared generator; everybody else takes it as an argument.
        services.TryAddSingleton(Random.Shared);
#pragma warning restore RS0030
        services.TryAddSingleton<MillraceHost>();
        services.TryAddSingleton(provider => new MillraceControl(provider.GetRequiredService<MillraceHost>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new MillraceClient(provider.GetRequiredService<JobStore>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MillraceHost>());
        services.AddSingleton<IHostedService, ShutdownSignals>();
        return builder;
    }

    /// <summary>Keeps all queues in memory, for tests: nothing survives the process.</summary>
    public static MillraceBuilder UseInMemory(this MillraceBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton<JobStore>(provider => new InMemoryStore(provider.GetRequiredService<TimeProvider>()));
        return builder;
    }
}
