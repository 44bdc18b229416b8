using Microsoft.Extensions.Logging;
using Millrace.Postgres.Fetching;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>
/// The connections of a store. A statement that failed for a reason that passes (a cut connection, a deadlock, a server that restarts)
/// is tried again a few times; a commit whose answer was lost is looked up, so that nothing is done twice and nothing reported wrongly.
/// </summary>
internal sealed class Database(NpgsqlDataSource source, SqlText sql, string place, WakeUps wakeUps, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestLookUp = TimeSpan.FromSeconds(30);

    private readonly Random _random = new();

    /// <summary>Runs <paramref name="work"/> in one transaction; from its commit on, <paramref name="stopping"/> stops nothing.</summary>
    /// <exception cref="Storage.StoreException">The database cannot be used; nothing was written, except with <see cref="StoreFault.Unknown"/>.</exception>
    public Task<T> TransactAsync<T>(Func<Session, CancellationToken, Task<T>> work, CancellationToken stopping) =>
        RetryAsync(() => TryTransactAsync(work, stopping), Tries, stopping);

    /// <summary>Runs statements whose repetition changes nothing, in one round trip.</summary>
    /// <exception cref="Storage.StoreException">The database cannot be used.</exception>
    public Task<T> RunAsync<T>(IReadOnlyList<Statement> statements, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken stopping, int tries = Tries) =>
        RetryAsync(
            async () =>
            {
                await using var connection = await source.OpenConnectionAsync(stopping);
                return (true, await new Session(connection, sql).AskAsync(statements, read, stopping));
            },
            tries,
            stopping);

    public ValueTask DisposeAsync() => source.DisposeAsync();

    private async Task<(bool Done, T Result)> TryTransactAsync<T>(Func<Session, CancellationToken, Task<T>> work, CancellationToken stopping)
    {
        await using var connection = await source.OpenConnectionAsync(stopping);
        // Read committed whatever the database's default: each statement must see what was committed before it got its lock.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, stopping);
        var session = new Session(connection, sql) { InTransaction = true };
        var result = await work(session, stopping);
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (NpgsqlException lost) when (!StoreFault.IsRefusal(lost))
        {
            if (!await WasCommittedAsync(session.Number, lost)) return (false, result);
        }

        foreach (var queue in session.Touched) wakeUps.Ring(queue);
        return (true, result);
    }

    /// <summary>The server knows by the transaction's number, also after it was restarted.</summary>
    private async Task<bool> WasCommittedAsync(long number, NpgsqlException lost)
    {
        Log.CommitLost(logger, place, lost);
        StoreMeters.Failed(lost);
        var started = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            NpgsqlException? failed = null;
            try
            {
                source.Clear();
                await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
                var outcome = await new Session(connection, sql).AskAsync([new("read_outcome", Value.Of(number))], ReadTextAsync, CancellationToken.None);
                if (outcome == "committed") return true;
                if (outcome == "aborted") return false;
            }
            catch (NpgsqlException error)
            {
                failed = error;
            }

            if (time.GetElapsedTime(started) > LongestLookUp) throw StoreFault.OutcomeUnknown(place, failed ?? lost);
            await PauseAsync(attempt, CancellationToken.None);
        }
    }

    private async Task<T> RetryAsync<T>(Func<Task<(bool Done, T Result)>> once, int tries, CancellationToken stopping)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var (done, result) = await once();
                if (done) return result;
                // The commit was lost and did not happen: that is one more failed try.
                if (attempt == tries) throw StoreFault.NotCommitted(place);
            }
            catch (NpgsqlException error)
            {
                StoreMeters.Failed(error);
                // Whatever cut this connection has probably cut the idle ones too.
                if (StoreFault.IsOfConnection(error)) source.Clear();
                if (attempt == tries || !StoreFault.Passes(error)) throw StoreFault.Explain(error, place);
                Log.TriedAgain(logger, place, attempt, error);
            }

            await PauseAsync(attempt, stopping);
        }
    }

    private Task PauseAsync(int attempt, CancellationToken stopping)
    {
        double jitter;
        lock (_random) jitter = _random.NextDouble();
        var pause = FirstPause * (1 << Math.Min(attempt - 1, 10));
        return Task.Delay((pause < LongestPause ? pause : LongestPause) * (0.5 + (jitter / 2)), time, stopping);
    }

    private static async Task<string?> ReadTextAsync(NpgsqlDataReader rows, CancellationToken stopping) =>
        await rows.ReadAsync(stopping) && !rows.IsDBNull(0) ? rows.GetString(0) : null;
}
