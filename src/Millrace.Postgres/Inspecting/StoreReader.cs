using System.Runtime.CompilerServices;
using Millrace.Postgres.Connecting;
using Millrace.Postgres.Texts;
using Millrace.Storage;

namespace Millrace.Postgres.Inspecting;

/// <summary>Looks at the store; waits for nobody's locks.</summary>
internal sealed class StoreReader(Database database)
{
    private const int Page = 200;

    public async ValueTask<Job?> FindAsync(string id, CancellationToken stopping)
    {
        if (!JobId.TryRead(id, out var number)) return null;
        return await database.RunAsync([new("find_job", Value.Of(number))], Rows.All(row => Rows.Job(row, id)), stopping) is [var job, ..] ? job : null;
    }

    public async ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping) =>
        (await database.RunAsync([new("count_queue", Value.Of(queue))], Rows.All(Rows.Counts), stopping))[0];

    public async ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping) =>
        await database.RunAsync([new("list_pauses")], Rows.All(Rows.Pause), stopping);

    public async ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping) =>
        await database.RunAsync([new("list_audit", Value.Of((long)limit))], Rows.All(Rows.Audit), stopping);

    /// <summary>Page by page, so that a slow reader keeps no snapshot open.</summary>
    public async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken stopping)
    {
        var after = 0L;
        var left = filter.Limit ?? int.MaxValue;
        while (left > 0)
        {
            var take = Math.Min(Page, left);
            var page = await database.RunAsync([new("list_dead_letters", FilterValues.Of(filter, take, Value.Of(after)))], Rows.All(Rows.DeadLetter), stopping);
            foreach (var (_, dead) in page) yield return dead;
            if (page.Count < take) yield break;
            after = page[^1].Place;
            left -= page.Count;
        }
    }
}
