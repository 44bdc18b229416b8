using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Millrace.Diagnostics;
using Millrace.Sources;
using Millrace.Storage;

namespace Millrace.Publishing;

/// <summary>Publishes, cancels and inspects. Safe to use from many threads; when a publish returns, the message is accepted.</summary>
/// <param name="store">Where the queues are.</param>
public sealed class MillraceClient(JobStore store)
{
    /// <summary>The store itself, for dead letters and audit.</summary>
    public JobStore Store => store;

    /// <summary>Publishes bytes.</summary>
    /// <exception cref="ArgumentException">A message that no store takes; says what, got and allowed.</exception>
    public async ValueTask<EnqueueResult> PublishAsync(string queue, ReadOnlyMemory<byte> body, PublishOptions? options = null, CancellationToken stopping = default) =>
        (await PublishManyAsync(queue, [body], options, stopping))[0];

    /// <summary>Publishes a message as JSON by source-generated metadata.</summary>
    public ValueTask<EnqueueResult> PublishAsync<T>(string queue, T message, JsonTypeInfo<T> type, PublishOptions? options = null, CancellationToken stopping = default) =>
        PublishAsync(queue, JsonSerializer.SerializeToUtf8Bytes(message, type), options, stopping);

    /// <summary>Publishes many bodies with the same options as one unit.</summary>
    public ValueTask<IReadOnlyList<EnqueueResult>> PublishManyAsync(string queue, IReadOnlyList<ReadOnlyMemory<byte>> bodies, PublishOptions? options = null, CancellationToken stopping = default)
    {
        ArgumentNullException.ThrowIfNull(bodies);
        var jobs = new NewJob[bodies.Count];
        for (var i = 0; i < jobs.Length; i++) jobs[i] = ToJob(queue, bodies[i], options ?? PublishOptions.None);
        return PublishManyAsync(jobs, stopping);
    }

    /// <summary>Publishes many messages, each with its own queue, key and options, as one unit.</summary>
    public async ValueTask<IReadOnlyList<EnqueueResult>> PublishManyAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        if (jobs.Count == 0) return [];
        using var span = MillraceTelemetry.Activities.HasListeners() ? Start(jobs) : null;
        // Who does not listen to our spans may have one of their own.
        var results = await store.EnqueueAsync((span ?? Activity.Current) is { IdFormat: ActivityIdFormat.W3C } trace ? Traced(jobs, trace) : jobs, stopping);
        MillraceTelemetry.Sent.Add(jobs.Count, new TagList { { "messaging.system", store.MessagingSystem }, { "messaging.destination.name", jobs[0].Queue } });
        return results;
    }

    /// <summary>Cancels a job: a waiting one at once, a running one as soon as its worker hears of it.</summary>
    /// <returns>The state found, or null for an unknown id; a final state means that nothing was done.</returns>
    public ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping = default) => store.CancelAsync(id, actor, stopping);

    /// <summary>The job with <paramref name="id"/>, or null when it is unknown or was pruned.</summary>
    public ValueTask<Job?> FindAsync(string id, CancellationToken stopping = default) => store.FindAsync(id, stopping);

    /// <summary>How many jobs of <paramref name="queue"/> are in which state.</summary>
    public ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping = default) => store.CountAsync(queue, stopping);

    /// <summary>Writes the dead letters that match to <paramref name="destination"/> as NDJSON, oldest first; leaves one audit entry.</summary>
    /// <returns>How many.</returns>
    public ValueTask<int> ExportDeadLettersAsync(DeadLetterFilter filter, Stream destination, string actor, CancellationToken stopping = default) =>
        DeadLetterExport.WriteAsync(store, filter, destination, actor, stopping);

    /// <summary>The job that <paramref name="options"/> make of a body.</summary>
    public static NewJob ToJob(string queue, ReadOnlyMemory<byte> body, PublishOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new()
        {
            Queue = queue,
            Body = body,
            Kind = options.Kind,
            Key = options.Key,
            Tenant = options.Tenant,
            Headers = options.Headers,
            Delay = options.Delay,
            RunAt = options.RunAt,
            Priority = options.Priority,
            DeduplicationId = options.DeduplicationId,
            DeduplicationWindow = options.DeduplicationWindow,
        };
    }

    private Activity? Start(IReadOnlyList<NewJob> jobs)
    {
        var span = MillraceTelemetry.Activities.StartActivity($"send {jobs[0].Queue}", ActivityKind.Producer);
        span?.SetTag("messaging.system", store.MessagingSystem);
        span?.SetTag("messaging.destination.name", jobs[0].Queue);
        span?.SetTag("messaging.operation.name", "send");
        span?.SetTag("messaging.operation.type", "send");
        if (jobs.Count > 1) span?.SetTag("messaging.batch.message_count", jobs.Count);
        return span;
    }

    private static NewJob[] Traced(IReadOnlyList<NewJob> jobs, Activity trace) =>
        [.. jobs.Select(job => job.Headers.Get(MessageHeaders.TraceParent) is null
            ? job with { Headers = job.Headers.With(MessageHeaders.TraceParent, trace.Id!) }
            : job)];
}
