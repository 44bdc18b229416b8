using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Publishing;
using Millrace.Storage;
using Millrace.Storage.InMemory;

namespace Millrace.Tests;

/// <summary>The whole engine in a real host, on a store in memory that outlives it.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private readonly IHost _host;

    private EngineHost(IHost host, JobStore store)
    {
        _host = host;
        Store = store;
    }

    public JobStore Store { get; }

    public MillraceClient Client => _host.Services.GetRequiredService<MillraceClient>();

    public MillraceControl Control => _host.Services.GetRequiredService<MillraceControl>();

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<EngineHost> StartAsync(Action<MillraceBuilder> workers, JobStore? store = null, Action<MillraceOptions>? configure = null, TimeProvider? time = null)
    {
        store ??= new InMemoryStore();
        var host = Build(workers, store, configure, time);
        await host.StartAsync(Stop);
        return new(host, store);
    }

    public static IHost Build(Action<MillraceBuilder> workers, JobStore? store, Action<MillraceOptions>? configure = null, TimeProvider? time = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        if (time is not null) builder.Services.AddSingleton(time);
        if (store is not null) builder.Services.AddSingleton(store);
        workers(builder.Services.AddMillrace(configure));
        return builder.Build();
    }

    /// <summary>Drains: when this ends, all that was decided is written.</summary>
    public Task StopAsync() => _host.StopAsync(Stop);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    public ValueTask<EnqueueResult> PublishAsync(string queue, string body, string? key = null) =>
        Client.PublishAsync(queue, Text.Bytes(body), new() { Key = key }, Stop);

    public async Task<List<DeadLetter>> DeadLettersAsync()
    {
        var dead = new List<DeadLetter>();
        await foreach (var letter in Store.ListDeadLettersAsync(new(), Stop)) dead.Add(letter);
        return dead;
    }
}

/// <summary>Bodies as text.</summary>
internal static class Text
{
    public static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    public static string Of(ReadOnlyMemory<byte> body) => System.Text.Encoding.UTF8.GetString(body.Span);
}
