using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>What runs on one connection, in a transaction or each batch by itself.</summary>
internal sealed class Session(NpgsqlConnection connection, SqlText sql)
{
    private static readonly Statement s_begin = new("begin");

    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private bool _begun;

    /// <summary>Whether the batches share a transaction.</summary>
    public bool InTransaction { get; init; }

    /// <summary>The transaction's number, once it has run anything.</summary>
    public long Number { get; private set; }

    /// <summary>The queues in which something became ready.</summary>
    public IReadOnlyCollection<string> Touched => _touched;

    /// <summary>Whoever waits for this queue in this process looks again after the commit.</summary>
    public void Wake(string queue) => _touched.Add(queue);

    /// <summary>
    /// Runs the statements in one round trip; only those that return rows have a result to read. Once sent they are awaited, for no longer than a
    /// command may take: a connection of Npgsql 10.0.3 loses its step when a batch is cancelled whose statements are just being prepared.
    /// </summary>
    public async Task<T> AskAsync<T>(IReadOnlyList<Statement> statements, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        await using var batch = connection.CreateBatch();
        var begins = InTransaction && !_begun;
        if (begins) batch.BatchCommands.Add(s_begin.ToCommand(sql));
        foreach (var statement in statements) batch.BatchCommands.Add(statement.ToCommand(sql));
        try
        {
            await using var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
            if (begins) await ReadBeginAsync(rows);
            var result = await read(rows, CancellationToken.None);
            // What fails in a statement behind the last row read is only found by reading on.
            while (await rows.NextResultAsync(CancellationToken.None))
            {
            }

            return result;
        }
        finally
        {
            // A value belongs to one command at a time, and the same statements may be tried again.
            foreach (var command in batch.BatchCommands) command.Parameters.Clear();
        }
    }

    /// <summary>Runs statements whose rows nobody needs.</summary>
    public Task RunAsync(IReadOnlyList<Statement> statements, CancellationToken stopping) => AskAsync(statements, (_, _) => Task.FromResult(true), stopping);

    private async Task ReadBeginAsync(NpgsqlDataReader rows)
    {
        await rows.ReadAsync(CancellationToken.None);
        Number = rows.GetInt64(0);
        _begun = true;
        await rows.NextResultAsync(CancellationToken.None);
    }
}
