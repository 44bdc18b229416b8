using Millrace.Handling;
using Millrace.Postgres.Connecting;
using Millrace.Sources;
using Npgsql;

namespace Millrace.Postgres;

/// <summary>
/// Effects once: records a delivery in the handler's own transaction, in the database that holds the effects. Effect and record
/// commit together, and a delivery that comes again completes without running. The table is the one that the search path finds.
/// </summary>
public sealed class PostgresInbox : Inbox
{
    private readonly NpgsqlDataSource _source;

    /// <summary>An inbox in the database the handlers write to, which stays the caller's; <see cref="EnsureCreatedAsync"/> makes its table.</summary>
    public PostgresInbox(NpgsqlDataSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        _source = source;
    }

    /// <summary>Makes the table <c>millrace_inbox</c> unless it is there; call it where you make your own tables.</summary>
    public static async Task EnsureCreatedAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await OwnTables.CreateAsync(connection, "create_inbox", stopping);
    }

    /// <summary>Records the delivery in your transaction, before or after its effect.</summary>
    /// <returns>False when it is recorded already: its effect is there, so write none and return.</returns>
    public static async Task<bool> TryRecordAsync(NpgsqlTransaction transaction, HandlerContext context, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(context);
        await using var command = OwnTables.Command(transaction.Connection!, transaction, "insert_inbox", Values(context.Worker, context.Delivery));
        return await command.ExecuteNonQueryAsync(stopping) == 1;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> ContainsAsync(string worker, Delivery delivery, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(delivery);
        return await OwnTables.RunAsync(_source, "find_inbox", Values(worker, delivery), async command => await command.ExecuteScalarAsync(stopping) is not null, stopping);
    }

    /// <summary>Forgets records older than <paramref name="age"/>, in steps of 1,000; keep them longer than the longest retry horizon plus the time finished jobs can come back.</summary>
    /// <returns>How many were forgotten.</returns>
    public async ValueTask<int> PruneAsync(TimeSpan age, CancellationToken stopping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        var forgotten = 0;
        int step;
        do
        {
            step = await OwnTables.RunAsync(_source, "prune_inbox", [Value.Of(age)], command => command.ExecuteNonQueryAsync(stopping), stopping);
            forgotten += step;
        }
        while (step > 0);
        return forgotten;
    }

    private static NpgsqlParameter[] Values(string worker, Delivery delivery) =>
        [Value.Of(worker), Value.Of(delivery.Queue), Value.Of(delivery.Id)];
}
