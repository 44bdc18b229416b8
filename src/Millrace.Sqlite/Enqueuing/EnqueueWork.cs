using Millrace.Sqlite.Files;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Enqueuing;

/// <summary>Stores new jobs inside a commit group.</summary>
internal static class EnqueueWork
{
    private const int Columns = 13;

    // What is bound is copied, and stays until the next run: of long bodies there is one at a time.
    private const int LongBytes = 32 * 1024;

    public static IReadOnlyList<EnqueueResult> Enqueue(WriteSession session, IReadOnlyList<NewJob> jobs)
    {
        var results = new EnqueueResult[jobs.Count];
        var rows = new List<Row>(Math.Min(results.Length, Statements.JobsAtOnce));
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Accept(session, jobs[i], rows);
            if (rows.Count == Statements.JobsAtOnce) Insert(session, rows);
        }

        Insert(session, rows);
        return results;
    }

    private static EnqueueResult Accept(WriteSession session, NewJob job, List<Row> rows)
    {
        var queue = session.QueueId(job.Queue);
        if (job.DeduplicationId is not null && FindEarlier(session, queue, job) is { } earlier) return new(JobId.Write(earlier), Duplicate: true);
        var id = session.NextId();
        rows.Add(new(job, id, queue, DueAt(session, job)));
        if (job.DeduplicationId is not null) Remember(session, queue, job, id);
        session.Wake(queue);
        return new(JobId.Write(id), Duplicate: false);
    }

    private static void Insert(WriteSession session, List<Row> rows)
    {
        if (rows.Count == Statements.JobsAtOnce && !rows.Exists(row => row.Job.Body.Length > LongBytes)) InsertTogether(session, rows);
        else InsertEach(session, rows);
        rows.Clear();
    }

    private static void InsertTogether(WriteSession session, List<Row> rows)
    {
        var insert = session.Sql.InsertJobs;
        for (var i = 0; i < rows.Count; i++) Bind(insert, i * Columns, rows[i], session.Now);
        insert.Run();
    }

    private static void InsertEach(WriteSession session, List<Row> rows)
    {
        var insert = session.Sql.InsertJob;
        foreach (var row in rows)
        {
            Bind(insert, 0, row, session.Now);
            insert.Run();
            if (row.Job.Body.Length > LongBytes) insert.Unbind();
        }
    }

    private static void Bind(Statement insert, int before, Row row, long now) => insert
        .Bind(before + 1, row.Id).Bind(before + 2, row.Queue).Bind(before + 3, row.Due is null ? RowState.Ready : RowState.Delayed)
        .Bind(before + 4, row.Job.Priority).Bind(before + 5, row.Id).Bind(before + 6, now).Bind(before + 7, row.Job.Body.Span)
        .Bind(before + 8, row.Job.Key).Bind(before + 9, row.Job.Kind.Length == 0 ? null : row.Job.Kind).Bind(before + 10, row.Job.Tenant)
        .Bind(before + 11, HeadersText.Write(row.Job.Headers)).Bind(before + 12, row.Due).Bind(before + 13, row.Job.RequeuedFrom);

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

    private readonly record struct Row(NewJob Job, long Id, long Queue, long? Due);
}
