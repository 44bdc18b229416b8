using Millrace.Retries;
using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>The network's copy in a PostgreSQL database, a batch a transaction; as many at once as there are connections, in as many processes as there are.</summary>
internal sealed class PostgresFirehoseStore : FirehoseStore
{
    private const int MaxTries = 10;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private readonly PostgresAddress _address;
    private readonly PostgresPool _pool;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private long _sweepAtTicks, _conflicts;

    private PostgresFirehoseStore(PostgresAddress address, PostgresPool pool, TimeProvider time, Random random)
    {
        _address = address;
        _pool = pool;
        _time = time;
        _random = random;
        Cursors = new PostgresCursors(pool, time);
    }

    public override string Description => $"PostgreSQL ({_address}, {_pool.Size} connections)";

    public override CursorStore Cursors { get; }

    public override PoolUse? Pool => _pool.Use;

    /// <summary>Whether the server's settings keep what it acknowledged when it crashes.</summary>
    public bool Durable { get; private init; }

    /// <summary>How many batches were tried again because another one was in their way.</summary>
    public long Conflicts => Interlocked.Read(ref _conflicts);

    /// <summary>Opens the database at <paramref name="address"/> and brings it to this build's schema.</summary>
    /// <param name="address">Where.</param>
    /// <param name="poolSize">Most connections, from 1.</param>
    /// <param name="application">What the server's list of sessions calls us.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">The dice for pauses.</param>
    /// <exception cref="StoreException">It cannot be used; says why and what to do.</exception>
    public static PostgresFirehoseStore Open(PostgresAddress address, int poolSize, string application, TimeProvider time, Random random)
    {
        try
        {
            var durable = PostgresSchema.Upgrade(address);
            return new PostgresFirehoseStore(address, new PostgresPool(address, poolSize, application), time, random) { Durable = durable };
        }
        catch (Exception error) when (PostgresFault.IsOfTheServer(error))
        {
            throw PostgresFault.Explain(error, address);
        }
    }

    public override ValueTask<FirehoseTotals> ReadTotalsAsync(CancellationToken stopping) => _pool.UseAsync(
        async connection =>
        {
            var values = new Dictionary<string, long>(StringComparer.Ordinal);
            var trip = new RoundTrip();
            trip.Add("list_totals", row => values[row.GetString(0)] = row.GetInt64(1));
            await trip.RunAsync(connection, stopping);
            return FirehoseTotals.Of(values);
        },
        stopping);

    public override ValueTask<long> CountUsersAsync(CancellationToken stopping) => _pool.UseAsync(
        async connection =>
        {
            var count = 0L;
            var trip = new RoundTrip();
            trip.Add("count_users", row => count = row.GetInt64(0));
            await trip.RunAsync(connection, stopping);
            return count;
        },
        stopping);

    protected override async ValueTask<ApplyResult> ApplyCoreAsync(IReadOnlyList<FirehoseEvent> events, CancellationToken stopping)
    {
        await SweepAsync(stopping);
        try
        {
            return await WriteAsync(events, keep: true, stopping);
        }
        catch (PostgresException error) when (PostgresFault.IsOfTheRecords(error))
        {
            // Halved by the engine until the event stands alone; then by us until the record does.
            if (events is [var single] && single.Changes.Count > 0 && await new RecordBlame(this, stopping).FindAsync(single, error))
                return await WriteWithoutAsync(single, stopping);
            throw Refused(error);
        }
    }

    private async ValueTask<ApplyResult> WriteWithoutAsync(FirehoseEvent blamed, CancellationToken stopping)
    {
        try
        {
            return await WriteAsync([blamed], keep: true, stopping);
        }
        catch (PostgresException error) when (PostgresFault.IsOfTheRecords(error))
        {
            throw Refused(error);
        }
    }

    private static PermanentException Refused(PostgresException error) => new($"REC002 PostgreSQL cannot store this event: {RecordBlame.Describe(error)}.", error);

    protected override ValueTask DisposeCoreAsync() => _pool.DisposeAsync();

    /// <summary>Writes the events; a batch that met another one tries again.</summary>
    internal async ValueTask<ApplyResult> WriteAsync(IReadOnlyList<FirehoseEvent> events, bool keep, CancellationToken stopping)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await _pool.UseAsync(connection => new PostgresBatch(connection, events, _time.GetUtcNow(), stopping).RunAsync(keep), stopping);
            }
            catch (Exception error) when (PostgresFault.IsConflict(error))
            {
                Interlocked.Increment(ref _conflicts);
                if (tries == MaxTries) throw PostgresFault.Explain(error, _address);
            }
            await Task.Delay(LongestPause * _random.NextDouble(), _time, stopping);
        }
    }

    /// <summary>Drops what need not be remembered any longer, a thousand at a time so that no batch waits for it.</summary>
    private async ValueTask SweepAsync(CancellationToken stopping)
    {
        var (now, due) = (_time.GetUtcNow(), Interlocked.Read(ref _sweepAtTicks));
        if (now.UtcTicks < due || Interlocked.CompareExchange(ref _sweepAtTicks, (now + SweepEvery).UtcTicks, due) != due) return;
        await _pool.UseAsync(
            async connection =>
            {
                var trip = new RoundTrip();
                trip.Add("expire_tombstones", Column.One(now));
                trip.Add("expire_rejected", Column.One(now));
                await trip.RunAsync(connection, stopping);
                return true;
            },
            stopping);
    }
}
