using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Postgres.Connecting;
using Millrace.Postgres.DeadLetters;
using Millrace.Postgres.Enqueuing;
using Millrace.Postgres.Fetching;
using Millrace.Postgres.Inspecting;
using Millrace.Postgres.Migrations;
using Millrace.Postgres.Operating;
using Millrace.Postgres.Retaining;
using Millrace.Postgres.Texts;
using Millrace.Sources;
using Millrace.Storage;
using Npgsql;

namespace Millrace.Postgres;

/// <summary>Queues, dead letters, pauses and the audit trail in one schema of a PostgreSQL database; any number of processes may share it.</summary>
public sealed class PostgresStore : JobStore
{
    internal const string SystemName = "postgresql";

    private readonly PostgresStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WakeUps _wakeUps = new();
    private Database? _database;
    private Pruner? _pruner;
    private int _disposed;

    /// <summary>A store in the database of <see cref="PostgresStoreOptions.ConnectionString"/>; nothing is opened yet.</summary>
    public PostgresStore(PostgresStoreOptions options, TimeProvider? time = null, ILogger<PostgresStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<PostgresStore>.Instance;
    }

    /// <inheritdoc/>
    public override string MessagingSystem => SystemName;

    private bool Keeps => _options.Retention.MaxCount > 0;

    private Database Running => _database ?? throw new InvalidOperationException("The store is not open: call OpenAsync first.");

    private StoreReader Reader => new(Running);

    /// <summary>Whoever waits looks again; tests call it after they let the store's time pass.</summary>
    internal void LookAgain() => _wakeUps.RingAll();

    /// <inheritdoc/>
    public override async ValueTask<Durability> OpenAsync(CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        if (_database is not null) throw new InvalidOperationException("The store is open already.");
        if (_options.Faults() is [var first, ..] faults) throw new StoreException(first[..6], string.Join(Environment.NewLine, faults)[7..]);
        var (source, place) = ConnectionSettings.Open(_options);
        var sql = new SqlText(_options.Schema);
        var database = new Database(source, sql, place, _wakeUps, _time, _logger);
        try
        {
            var durability = (await database.RunAsync([new("check_server")], ServerCheck.ReadAsync, stopping)).Judge(place);
            if (!durability.Durable && _options.Strict) throw new StoreException("DUR001", string.Join(" ", durability.Findings));
            await Migrator.ApplyAsync(source, sql, place, stopping);
            _database = database;
            _pruner = new Pruner(PruneAsync, _options.PruneInterval, _time, _logger);
            return durability;
        }
        catch (NpgsqlException error)
        {
            throw StoreFault.Explain(error, place);
        }
        finally
        {
            if (_database is null) await database.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<string?> CheckAsync(CancellationToken stopping)
    {
        try
        {
            // Twice at most: the connections of the pool may be cut while the server is well.
            await Running.RunAsync([new("check_write")], (_, _) => Task.FromResult(true), stopping, tries: 2).WaitAsync(stopping);
            return null;
        }
        catch (StoreException error)
        {
            return error.Message;
        }
    }

    /// <inheritdoc/>
    public override Source OpenSource(SourceOptions options) => new PostgresSource(options, Running, _wakeUps, _options, _time, _logger);

    /// <inheritdoc/>
    public override ValueTask<Job?> FindAsync(string id, CancellationToken stopping) => Reader.FindAsync(id, stopping);

    /// <inheritdoc/>
    public override async ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(actor);
        return JobId.TryRead(id, out var number) ? await Running.TransactAsync((session, stop) => CancelWork.CancelAsync(session, number, actor, Keeps, stop), stopping) : null;
    }

    /// <inheritdoc/>
    public override ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping) => Reader.CountAsync(queue, stopping);

    /// <inheritdoc/>
    public override IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, CancellationToken stopping) => Reader.ListDeadLettersAsync(filter, stopping);

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<string>> RequeueAsync(DeadLetterFilter filter, string actor, CancellationToken stopping) =>
        await Running.TransactAsync((session, stop) => DeadLetterWork.RequeueAsync(session, filter, actor, Keeps, stop), stopping);

    /// <inheritdoc/>
    public override async ValueTask<int> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken stopping) =>
        await Running.TransactAsync((session, stop) => DeadLetterWork.DiscardAsync(session, filter, actor, Keeps, stop), stopping);

    /// <inheritdoc/>
    public override async ValueTask SetPauseAsync(string worker, Pause? pause, string actor, CancellationToken stopping) =>
        await Running.TransactAsync((session, stop) => PauseWork.SetAsync(session, worker, pause, actor, stop), stopping);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping) => Reader.ListPausesAsync(stopping);

    /// <inheritdoc/>
    public override async ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping) =>
        await Running.TransactAsync(
            async (session, stop) =>
            {
                await session.RunAsync([AuditWork.Insert(actor, action, target, detail)], stop);
                return true;
            },
            stopping);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping) => Reader.ListAuditAsync(limit, stopping);

    /// <inheritdoc/>
    public override async ValueTask<int> PruneAsync(CancellationToken stopping) => await PruneWork.RunAsync(Running, _options.Retention, stopping);

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<EnqueueResult>> EnqueueCoreAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping) =>
        await Running.TransactAsync((session, stop) => EnqueueWork.EnqueueAsync(session, jobs, stop), stopping);

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        if (_pruner is not null) await _pruner.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
    }
}
