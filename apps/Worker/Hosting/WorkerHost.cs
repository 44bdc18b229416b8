using System.Net;
using System.Reflection;
using Firehose;
using Millrace.Diagnostics;
using Millrace.Worker.Configuration;
using Millrace.Worker.Endpoints;
using Millrace.Worker.Logging;
using Millrace.Worker.Status;
using OpenTelemetry.Metrics;

namespace Millrace.Worker.Hosting;

/// <summary>Puts the process together: engine, store, systems, pages.</summary>
internal static class WorkerHost
{
    /// <summary>Queues, dead letters and operators' decisions of all systems in this directory.</summary>
    public const string QueueDatabase = "millrace.db";

    /// <summary>Npgsql counts its connections and commands by itself.</summary>
    private const string NpgsqlMeter = "Npgsql";

    private const string RedisMeter = "Millrace.Redis";

    /// <summary>Handlers that ignore the engine's own drain deadline must not keep the process.</summary>
    private static readonly TimeSpan BeyondDrain = TimeSpan.FromSeconds(10);

    public static readonly string Version =
        typeof(WorkerHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static WebApplication Build(WorkerSettings settings)
    {
        // Arguments and variables are read by us, not by the framework: no second way to set a port.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddLines(settings.LogLevel);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, settings.Port);
        });
        AddSystems(builder.Services, settings);
        AddPages(builder.Services, settings);
        var app = builder.Build();
        MapPages(app);
        return app;
    }

    private static void AddSystems(IServiceCollection services, WorkerSettings settings)
    {
        var millrace = services.AddMillrace();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = new Millrace.Hosting.MillraceOptions().DrainTimeout + BeyondDrain);
        millrace.UseFirehoseQueue(settings.Firehose, Path.Combine(settings.DataDirectory, QueueDatabase));
        millrace.AddFirehose(settings.Firehose, settings.DataDirectory, settings.Roles);
    }

    private static void AddPages(IServiceCollection services, WorkerSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<StatusReader>();
        services.AddSingleton<ReadinessCheck>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(MillraceTelemetry.Name, FirehoseServices.MeterName, NpgsqlMeter, RedisMeter)
            .AddRuntimeInstrumentation()
            .AddPrometheusExporter());
    }

    private static void MapPages(WebApplication app)
    {
        app.UseProblems();
        app.MapIndex();
        app.MapHealth();
        app.MapStatus();
        app.MapPrometheusScrapingEndpoint("/metrics");
    }
}
