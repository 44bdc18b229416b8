using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace;
using Millrace.CrashChild;
using Millrace.Handling;
using Millrace.Publishing;
using Millrace.Redis;
using Millrace.Retries;
using Millrace.Sources;
using Millrace.Sqlite;
using Millrace.Storage;

// Arguments: the database (a file or redis://…), the file for effects, the number of this run. Drains the queue and ends, unless it is killed on the way.
const string queue = "crash";
var every = TimeSpan.FromMilliseconds(10);

var retention = new Retention { MaxAge = TimeSpan.FromDays(1), MaxCount = 100_000 };
await using JobStore store = args[0].StartsWith("redis://", StringComparison.Ordinal)
    ? new RedisStore(new() { Url = args[0], Consumer = $"run{args[2]}", Retention = retention })
    : new SqliteStore(new() { Path = args[0], PollInterval = every, Retention = retention });
using var effects = new EffectLog(args[1], args[2]);

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddSingleton<JobStore>(store);
builder.Services.AddMillrace().AddWorker(queue, HandleAsync, options =>
{
    options.Order = Order.PerKey;
    options.Concurrency = 4;
    // Small bounds make many fetches and many writes of few deliveries each, and so many places to die at.
    options.MaxInFlight = 8;
    options.SettleBatchSize = 4;
    // Those who run beside a killed one take over while the test waits.
    options.Lease = TimeSpan.FromSeconds(2);
    options.Retry.Backoff = new Backoff.Fixed(every);
});
using var host = builder.Build();
await host.StartAsync();

// A publisher that cannot know whether it got through publishes again; the deduplication id makes that harmless.
var client = host.Services.GetRequiredService<MillraceClient>();
for (var n = 0; n < 4; n++)
    await client.PublishAsync(queue, new ReadOnlyMemory<byte>("ok"u8.ToArray()), new PublishOptions { DeduplicationId = $"child-{n}" });

using var look = new PeriodicTimer(every, TimeProvider.System);
while (await store.CountAsync(queue, CancellationToken.None) is { Waiting: > 0 } or { Delayed: > 0 } or { Leased: > 0 })
    await look.WaitForNextTickAsync();
await host.StopAsync();
return 0;

ValueTask HandleAsync(ReadOnlyMemory<byte> body, HandlerContext context, CancellationToken stopping)
{
    effects.Write(context);
    switch (Encoding.UTF8.GetString(body.Span))
    {
        case "retry" when context.Delivery.Attempt == 1:
            throw new TimeoutException("the script says so");
        case "snooze" when context.Delivery.Snoozes == 0:
            context.Snooze(every);
            break;
        case "dead":
            context.Bury("the script says so");
            break;
        case "kill":
            Process.GetCurrentProcess().Kill();
            break;
    }

    return ValueTask.CompletedTask;
}
