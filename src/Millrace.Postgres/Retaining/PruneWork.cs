using Millrace.Postgres.Connecting;
using Millrace.Storage;

namespace Millrace.Postgres.Retaining;

/// <summary>Removes finished jobs and forgotten deduplication ids in steps, each a transaction of its own, so that nobody waits for more than one.</summary>
internal static class PruneWork
{
    private const int Step = 500;

    public static async Task<int> RunAsync(Database database, Retention retention, CancellationToken stopping)
    {
        await RepeatAsync(database, () => new("prune_deduplication", Value.Of((long)Step)), stopping);
        var removed = await RepeatAsync(database, () => new("prune_by_age", Value.Of(retention.MaxAge), Value.Of((long)Step)), stopping);
        foreach (var (queue, last) in await FindAsync(database, retention.MaxCount, stopping))
            removed += await RepeatAsync(database, () => new("prune_by_count", Value.Of(queue), Value.Of(last), Value.Of((long)Step)), stopping);
        return removed;
    }

    private static async Task<int> RepeatAsync(Database database, Func<Statement> step, CancellationToken stopping)
    {
        var removed = 0;
        int now;
        do
        {
            now = await database.TransactAsync((session, stop) => session.AskAsync([step()], (rows, _) => Task.FromResult(rows.RecordsAffected), stop), stopping);
            removed += now;
        }
        while (now == Step);
        return removed;
    }

    /// <summary>For each queue the last finished row beyond <paramref name="count"/>.</summary>
    private static Task<List<(string Queue, long Last)>> FindAsync(Database database, int count, CancellationToken stopping) => database.RunAsync(
        [new("find_prunable", Value.Of((long)count))],
        async (rows, stop) =>
        {
            List<(string, long)> found = [];
            while (await rows.ReadAsync(stop)) found.Add((rows.GetString(0), rows.GetInt64(1)));
            return found;
        },
        stopping);
}
