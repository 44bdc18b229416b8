using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Millrace.Sqlite.Files;
using Millrace.Storage;

namespace Millrace.Sqlite.Inspecting;

/// <summary>Looks at the store on connections of its own, which neither wait for the writer nor make it wait.</summary>
internal sealed class StoreReader(StoreFile file)
{
    private const int Page = 200;

    public ValueTask<Job?> FindAsync(string id, CancellationToken stopping) =>
        JobId.TryRead(id, out var number) ? ReadAsync("find_job", [("$id", number)], rows => rows.Read() ? Rows.Job(rows, id) : null, stopping) : new((Job?)null);

    public ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping) =>
        ReadAsync("count_queue", [("$queue", queue)], rows => rows.Read() ? Rows.Counts(rows) : default, stopping);

    public ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping) =>
        ReadAsync("list_pauses", [], rows => Rows.All(rows, Rows.Pause), stopping);

    public ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping) =>
        ReadAsync("list_audit", [("$limit", limit)], rows => Rows.All(rows, Rows.Audit), stopping);

    /// <summary>For each queue the last finished row beyond <paramref name="count"/>.</summary>
    public ValueTask<IReadOnlyList<(long Queue, long Last)>> ListPrunableAsync(int count, CancellationToken stopping) =>
        ReadAsync("find_prunable", [("$count", count)], rows => Rows.All(rows, row => (row.GetInt64(0), row.IsDBNull(1) ? -1 : row.GetInt64(1))), stopping);

    /// <summary>Page by page, so that a slow reader keeps no snapshot open and the log can shrink.</summary>
    public async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken stopping)
    {
        var after = -1L;
        var left = filter.Limit ?? int.MaxValue;
        while (left > 0)
        {
            var take = Math.Min(Page, left);
            var page = await ReadAsync("list_dead_letters", Parameters(filter, after, take), rows => Rows.All(rows, Rows.DeadLetter), stopping);
            foreach (var (_, dead) in page) yield return dead;
            if (page.Count < take) yield break;
            after = page[^1].Place;
            left -= page.Count;
        }
    }

    private static (string Name, object? Value)[] Parameters(DeadLetterFilter filter, long after, int limit) =>
    [
        ("$after", after),
        ("$queue", filter.Queue),
        ("$tenant", filter.Tenant),
        ("$key", filter.Key),
        ("$reason", filter.ReasonContains),
        ("$from", filter.DiedFrom?.ToUnixTimeMilliseconds()),
        ("$before", filter.DiedBefore?.ToUnixTimeMilliseconds()),
        ("$ids", JobId.Json(filter.Ids)),
        ("$limit", limit),
    ];

    private async ValueTask<T> ReadAsync<T>(string statement, (string Name, object? Value)[] parameters, Func<SqliteDataReader, T> read, CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        try
        {
            await using var connection = file.OpenForReading();
            await using var command = connection.CreateCommand();
            command.CommandText = SqlText.Read(statement);
            foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            await using var rows = await command.ExecuteReaderAsync(stopping);
            return read(rows);
        }
        catch (SqliteException error)
        {
            throw StoreFault.Explain(error, file.Path);
        }
    }
}
