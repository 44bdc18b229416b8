using System.Diagnostics;
using Millrace.Publishing;
using Millrace.Sources;
using Millrace.Storage.InMemory;

namespace Millrace.Tests.Publishing;

/// <summary>What a client makes of options, and of the trace it is called in.</summary>
public sealed class PublishTests
{
    [Fact]
    public void Every_option_reaches_the_job()
    {
        var runAt = new DateTimeOffset(2027, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var job = MillraceClient.ToJob("mail", Text.Bytes("hello"), new()
        {
            Kind = "greeting",
            Key = "ann",
            Tenant = "acme",
            Headers = MessageHeaders.Empty.With("a", "b"),
            Delay = TimeSpan.FromMinutes(3),
            RunAt = runAt,
            Priority = 7,
            DeduplicationId = "once",
            DeduplicationWindow = TimeSpan.FromMinutes(9),
        });
        Assert.Equal(("mail", "hello", "greeting", "ann", "acme"), (job.Queue, Text.Of(job.Body), job.Kind, job.Key, job.Tenant));
        Assert.Equal(("b", TimeSpan.FromMinutes(3), runAt, (byte)7), (job.Headers.Get("a"), job.Delay, job.RunAt, job.Priority));
        Assert.Equal(("once", TimeSpan.FromMinutes(9)), (job.DeduplicationId, job.DeduplicationWindow));
    }

    [Fact]
    public async Task The_callers_trace_travels_along_unless_the_message_has_one()
    {
        var store = new InMemoryStore();
        var client = new MillraceClient(store);
        using var calling = new Activity("calling").SetIdFormat(ActivityIdFormat.W3C).Start();
        var traced = await client.PublishAsync("mail", Text.Bytes("a"), stopping: EngineHost.Stop);
        const string own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var kept = await client.PublishAsync("mail", Text.Bytes("b"), new() { Headers = MessageHeaders.Empty.With(MessageHeaders.TraceParent, own) }, EngineHost.Stop);
        await using var source = store.OpenSource(new() { Queue = "mail" });
        var sent = (await source.FetchAsync(new FetchLimit(2, 1_000), EngineHost.Stop)).ToDictionary(delivery => delivery.Id, delivery => delivery.Headers.Get(MessageHeaders.TraceParent));
        Assert.Contains(calling.TraceId.ToHexString(), sent[traced.Id]!, StringComparison.Ordinal);
        Assert.Equal(own, sent[kept.Id]);
    }
}
