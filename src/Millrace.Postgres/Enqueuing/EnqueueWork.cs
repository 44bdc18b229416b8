using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Enqueuing;

/// <summary>Stores new jobs as one unit: one transaction, and one statement for as many as fit into a message.</summary>
internal static class EnqueueWork
{
    /// <summary>A value cannot be over 1 GB; this is far below and costs nothing.</summary>
    private const long MaxBytes = 64 * 1024 * 1024;

    private const int MaxCount = 5_000;

    public static async Task<IReadOnlyList<EnqueueResult>> EnqueueAsync(Session session, IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        var due = await FindDueAsync(session, jobs, stopping);
        List<Statement> statements = [];
        for (var first = 0; first < jobs.Count;)
        {
            var count = Fitting(jobs, first);
            statements.Add(new("enqueue", JobValues.Of(jobs, due, first, count)));
            first += count;
        }

        foreach (var job in jobs) session.Wake(job.Queue);
        return await session.AskAsync(statements, ReadAsync, stopping);
    }

    /// <summary>When the jobs may run that name a time; the store's clock is asked only when there is one.</summary>
    private static async Task<DateTime?[]> FindDueAsync(Session session, IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        if (jobs.All(job => job.RunAt is null)) return new DateTime?[jobs.Count];
        return JobValues.Due(jobs, await session.AskAsync([new("read_clock")], ReadClockAsync, stopping));
    }

    private static int Fitting(IReadOnlyList<NewJob> jobs, int first)
    {
        var count = 0;
        for (long bytes = 0; first + count < jobs.Count && count < MaxCount; count++)
        {
            bytes += jobs[first + count].Body.Length;
            if (count > 0 && bytes > MaxBytes) break;
        }

        return count;
    }

    private static async Task<IReadOnlyList<EnqueueResult>> ReadAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        List<EnqueueResult> results = [];
        do
        {
            while (await rows.ReadAsync(stopping)) results.Add(new(JobId.Write(rows.GetInt64(0)), rows.GetBoolean(1)));
        }
        while (await rows.NextResultAsync(stopping));
        return results;
    }

    private static async Task<DateTimeOffset> ReadClockAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        await rows.ReadAsync(stopping);
        return rows.GetFieldValue<DateTimeOffset>(0);
    }
}
