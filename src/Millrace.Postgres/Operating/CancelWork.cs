using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres.Operating;

/// <summary>Cancels one job: at once where nobody has it, else by a flag its owner finds when it renews or settles.</summary>
internal static class CancelWork
{
    public static async Task<JobState?> CancelAsync(Session session, long id, string actor, bool keep, CancellationToken stopping)
    {
        // What ends between the first two is only seen by a later statement.
        var job = await session.AskAsync(
            [new("lock_of_job", Value.Of(id)), new("cancel_job", Value.Of(id), Value.Of(actor), Value.Of(keep)), new("find_final_state", Value.Of(id))], ReadAsync, stopping);
        if (job.Queue is null || job.Found == JobState.Leased) return job.Found;
        // By itself: the job may be one of those held, and no statement may change a row twice.
        if (job.Key is not null) await session.RunAsync([new("free_held", Value.Of(job.Queue), Value.Of([job.Key]))], stopping);
        session.Wake(job.Queue);
        return job.Found;
    }

    private static async Task<(JobState? Found, string? Queue, string? Key)> ReadAsync(NpgsqlDataReader rows, CancellationToken stopping)
    {
        await rows.NextResultAsync(stopping);
        if (await rows.ReadAsync(stopping)) return (RowState.Read(rows.GetInt16(0)), rows.GetString(1), Columns.Text(rows, 2));
        await rows.NextResultAsync(stopping);
        return (await rows.ReadAsync(stopping) ? (JobState)rows.GetInt32(0) : null, null, null);
    }
}
