using Millrace.Sqlite.Inspecting;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite.Retaining;

/// <summary>Removes finished jobs and forgotten deduplication ids in steps, each an operation like any other, so that nobody waits for more than one.</summary>
internal static class PruneWork
{
    private const int Step = 500;

    public static async Task<int> RunAsync(Writer writer, StoreReader reader, Retention retention, CancellationToken stopping)
    {
        await RepeatAsync(writer, session => session.Sql["prune_deduplication"].Bind(1, session.Now).Bind(2, Step).Run(), stopping);
        var age = (long)retention.MaxAge.TotalMilliseconds;
        var removed = await RepeatAsync(writer, session => session.Sql["prune_by_age"].Bind(1, session.Now - age).Bind(2, Step).Run(), stopping);
        foreach (var (queue, last) in await reader.ListPrunableAsync(retention.MaxCount, stopping))
            if (last >= 0)
                removed += await RepeatAsync(writer, session => session.Sql["prune_by_count"].Bind(1, queue).Bind(2, last).Bind(3, Step).Run(), stopping);
        return removed;
    }

    private static async Task<int> RepeatAsync(Writer writer, Func<WriteSession, int> step, CancellationToken stopping)
    {
        var removed = 0;
        int now;
        do
        {
            now = await writer.RunAsync(step, stopping);
            removed += now;
        }
        while (now == Step);
        return removed;
    }
}
