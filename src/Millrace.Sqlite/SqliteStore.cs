using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Sources;
using Millrace.Sqlite.DeadLetters;
using Millrace.Sqlite.Enqueuing;
using Millrace.Sqlite.Fetching;
using Millrace.Sqlite.Files;
using Millrace.Sqlite.Inspecting;
using Millrace.Sqlite.Migrations;
using Millrace.Sqlite.Operating;
using Millrace.Sqlite.Retaining;
using Millrace.Sqlite.Writing;
using Millrace.Storage;

namespace Millrace.Sqlite;

/// <summary>Queues, dead letters, pauses and the audit trail in one SQLite file; several processes may share it.</summary>
public sealed class SqliteStore : JobStore
{
    internal const string SystemName = "sqlite";

    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly StoreFile _file;
    private readonly StoreReader _reader;
    private readonly WakeUps _wakeUps = new();
    private Writer? _writer;
    private Pruner? _pruner;
    private ITimer? _lookAround;
    private int _disposed;

    /// <summary>A store over <see cref="SqliteStoreOptions.Path"/>; nothing is opened yet.</summary>
    public SqliteStore(SqliteStoreOptions options, TimeProvider? time = null, ILogger<SqliteStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<SqliteStore>.Instance;
        _file = new StoreFile(options);
        _reader = new StoreReader(_file);
    }

    /// <inheritdoc/>
    public override string MessagingSystem => SystemName;

    /// <summary>How many commits the writer has made; for tests and figures.</summary>
    internal long Commits => Running.Commits;

    /// <summary>Moves the store's time as this process sees it; tests let leases and delays pass with it.</summary>
    internal async ValueTask AdvanceAsync(TimeSpan by)
    {
        await Running.RunAsync(session => session.Shift += (long)by.TotalMilliseconds, CancellationToken.None);
        _wakeUps.RingAll();
    }

    /// <summary>Sets something on the writer's connection; tests make the disk full or the file read-only with it.</summary>
    internal async ValueTask PragmaAsync(string setting) => await Running.RunAsync(session => session.Pragma(setting), CancellationToken.None);

    private Writer Running => _writer ?? throw new InvalidOperationException("The store is not open: call OpenAsync first.");

    /// <inheritdoc/>
    public override ValueTask<Durability> OpenAsync(CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        if (_writer is not null) throw new InvalidOperationException("The store is open already.");
        if (_options.Faults() is [var first, ..] faults) throw new StoreException(first[..6], string.Join(Environment.NewLine, faults)[7..]);
        var unclean = _file.Prepare();
        var session = OpenSession(unclean, out var durability);
        _writer = new Writer(session, () => OpenSession(unclean: false, out _), _wakeUps.Ring, _wakeUps.RingAll, _options, _time, _logger);
        _lookAround = _time.CreateTimer(_ => LookAround(), null, _options.PollInterval, _options.PollInterval);
        _pruner = new Pruner(PruneAsync, _options.PruneInterval, _time, _logger);
        return new(durability);
    }

    /// <inheritdoc/>
    public override async ValueTask<string?> CheckAsync(CancellationToken stopping)
    {
        // SQLite goes on writing to a file that has no name any more.
        if (!File.Exists(_file.Path)) return $"DB001 {_file.Path} is gone: put it back with its -wal file and restart.";
        try
        {
            await Running.RunAsync(StoreCheck.Write, stopping);
            return null;
        }
        catch (StoreException error)
        {
            return error.Message;
        }
    }

    /// <inheritdoc/>
    public override Source OpenSource(SourceOptions options) => new SqliteSource(options, Running, _wakeUps, _file.Path, _time, _logger);

    /// <inheritdoc/>
    public override ValueTask<Job?> FindAsync(string id, CancellationToken stopping) => _reader.FindAsync(id, stopping);

    /// <inheritdoc/>
    public override async ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping) =>
        JobId.TryRead(id, out var number) ? await Running.RunAsync(session => CancelWork.Cancel(session, number, actor), stopping) : null;

    /// <inheritdoc/>
    public override ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping) => _reader.CountAsync(queue, stopping);

    /// <inheritdoc/>
    public override IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, CancellationToken stopping) =>
        _reader.ListDeadLettersAsync(filter, stopping);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<string>> RequeueAsync(DeadLetterFilter filter, string actor, CancellationToken stopping) =>
        Running.RunAsync(session => DeadLetterWork.Requeue(session, filter, actor), stopping);

    /// <inheritdoc/>
    public override ValueTask<int> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken stopping) =>
        Running.RunAsync(session => DeadLetterWork.Discard(session, filter, actor), stopping);

    /// <inheritdoc/>
    public override async ValueTask SetPauseAsync(string worker, Pause? pause, string actor, CancellationToken stopping) =>
        await Running.RunAsync(session => PauseWork.Set(session, worker, pause, actor), stopping);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping) => _reader.ListPausesAsync(stopping);

    /// <inheritdoc/>
    public override async ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping) =>
        await Running.RunAsync(session => AuditWork.Add(session, actor, action, target, detail), stopping);

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping) => _reader.ListAuditAsync(limit, stopping);

    /// <inheritdoc/>
    public override async ValueTask<int> PruneAsync(CancellationToken stopping) => await PruneWork.RunAsync(Running, _reader, _options.Retention, stopping);

    /// <inheritdoc/>
    protected override ValueTask<IReadOnlyList<EnqueueResult>> EnqueueCoreAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        var bytes = 0;
        foreach (var job in jobs) bytes += job.Body.Length;
        return Running.RunAsync(session => EnqueueWork.Enqueue(session, jobs), stopping, bytes);
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        if (_lookAround is not null) await _lookAround.DisposeAsync();
        if (_pruner is not null) await _pruner.DisposeAsync();
        _writer?.Dispose();
        _file.ForgetReaders();
    }

    private WriteSession OpenSession(bool unclean, out Durability durability)
    {
        var connection = _file.OpenForWriting();
        try
        {
            durability = _file.Check(connection);
            if (!durability.Durable && _options.Strict) throw new StoreException("DUR001", string.Join(" ", durability.Findings));
            if (unclean && _options.CheckAfterCrash) _file.CheckStructure(connection);
            Migrator.Apply(connection, _file.Path);
            LedgerSweep.Run(connection, _file.Path);
            return new WriteSession(connection, _options.Retention.MaxCount > 0);
        }
        catch (Microsoft.Data.Sqlite.SqliteException error)
        {
            connection.Dispose();
            throw StoreFault.Explain(error, _file.Path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void LookAround()
    {
        if (_wakeUps.AnybodyWaits) _writer?.LookAround();
    }
}
