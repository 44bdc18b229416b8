using Millrace.Sqlite.Files;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Enqueuing;

/// <summary>Stores new jobs inside a commit group.</summary>
internal static class EnqueueWork
{

    public static IReadOnlyList<EnqueueResult> Enqueue(WriteSession session, IReadOnlyList<NewJob> jobs)
    {
        var results = new EnqueueResult[jobs.Count];
        for (var i = 0; i < results.Length; i++) results[i] = Enqueue(session, jobs[i]);
        return results;
    }

    private static EnqueueResult Enqueue(WriteSession session, NewJob job)
    {
        var queue = session.QueueId(job.Queue);
        if (job.DeduplicationId is not null && FindEarlier(session, queue, job) is { } earlier) return new(JobId.Write(earlier), Duplicate: true);
        var id = session.NextId();
        var due = DueAt(session, job);
        session.Sql.InsertJob
            .Bind(1, id).Bind(2, queue).Bind(3, due is null ? RowState.Ready : RowState.Delayed).Bind(4, job.Priority).Bind(5, id).Bind(6, session.Now)
            .Bind(7, job.Body.Span).Bind(8, job.Key).Bind(9, job.Kind.Length == 0 ? null : job.Kind).Bind(10, job.Tenant)
            .Bind(11, HeadersText.Write(job.Headers)).Bind(12, due).Bind(13, job.RequeuedFrom)
            .Run();
        if (job.DeduplicationId is not null) Remember(session, queue, job, id);
        session.Wake(queue);
        return new(JobId.Write(id), Duplicate: false);
    }

    /// <summary>When the job may run, or null when that is now.</summary>
    private static long? DueAt(WriteSession session, NewJob job)
    {
        if (job.RunAt is null && job.Delay <= TimeSpan.Zero) return null;
        var due = JobRules.DueAt(job, DateTimeOffset.FromUnixTimeMilliseconds(session.Now));
        return due is { } at ? (long)Math.Ceiling((at - DateTimeOffset.UnixEpoch).TotalMilliseconds) : null;
    }

    private static long? FindEarlier(WriteSession session, long queue, NewJob job) => session.Sql["find_deduplication"]
        .Bind(1, queue).Bind(2, job.Tenant ?? "").Bind(3, job.DeduplicationId).Bind(4, session.Now).Scalar();

    private static void Remember(WriteSession session, long queue, NewJob job, long id)
    {
        var expiry = session.Now + (long)Math.Min(job.DeduplicationWindow.TotalMilliseconds, TimeSpan.FromDays(36_600).TotalMilliseconds);
        session.Sql["insert_deduplication"].Bind(1, queue).Bind(2, job.Tenant ?? "").Bind(3, job.DeduplicationId).Bind(4, id).Bind(5, expiry).Run();
    }
}
