using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace;
using Millrace.Publishing;
using Millrace.Retries;

var builder = Host.CreateApplicationBuilder();
builder.Services.AddMillrace().UseSqlite("hello.db").AddWorker("greetings", (body, context, stopping) =>
{
    if (context.Delivery.Attempt == 1) throw new TimeoutException("the first attempt is unlucky");
    Console.WriteLine($"Hello, {Encoding.UTF8.GetString(body.Span)}, on attempt {context.Delivery.Attempt}!");
    return ValueTask.CompletedTask;
}, worker => worker.Retry.Backoff = new Backoff.Exponential(TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)));

using var host = builder.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<MillraceClient>();
foreach (var name in args.DefaultIfEmpty("Ada")) await client.PublishAsync("greetings", Encoding.UTF8.GetBytes(name));
await host.WaitForShutdownAsync();
