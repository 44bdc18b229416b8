using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Redis.Connecting;
using Millrace.Redis.Enqueuing;
using Millrace.Redis.Inspecting;
using Millrace.Redis.Messages;
using Millrace.Redis.Operating;
using Millrace.Redis.Retaining;
using Millrace.Sources;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>Queues on Redis Streams: each queue is one stream with one consumer group, and keys beside it for what waits, is parked or is dead.</summary>
public sealed class RedisStore : JobStore
{
    internal const string SystemName = "redis";

    private const int MostInOneAction = 1_000;

    private static readonly TimeSpan s_checked = TimeSpan.FromMinutes(1);

    private readonly RedisStoreOptions _options;
    private readonly RedisTools _tools;
    private RedisLink? _link;
    private QueueRegistry? _queues;
    private JobWriter? _writer;
    private Pruner? _pruner;

    /// <summary>A store that is not open yet.</summary>
    /// <exception cref="StoreException">CFG: the options cannot be used; every fault is named.</exception>
    public RedisStore(RedisStoreOptions options, TimeProvider? time = null, Random? random = null, ILogger<RedisStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _tools = new RedisTools(time ?? TimeProvider.System, random ?? new Random(), logger ?? NullLogger<RedisStore>.Instance);
    }

    /// <inheritdoc/>
    public override string MessagingSystem => SystemName;

    private RedisLink Link => _link ?? throw new InvalidOperationException("The store is not open.");

    private QueueRegistry Queues => _queues!;

    /// <inheritdoc/>
    public override async ValueTask<Durability> OpenAsync(CancellationToken stopping)
    {
        var faults = _options.Faults();
        if (faults.Count > 0) throw new StoreException(faults[0].Split(' ')[0], string.Join("; ", faults.Select((fault, i) => i == 0 ? fault[(fault.IndexOf(' ', StringComparison.Ordinal) + 1)..] : fault)));
        _link = await RedisLink.ConnectAsync(_options, "commands", mustAnswer: true, _tools);
        var durability = await ServerCheck.LookAsync(_link, _options);
        _queues = new QueueRegistry(_link, _options);
        _writer = new JobWriter(_link, _options, _tools.Logger);
        _pruner = new Pruner(_link, _queues, _options, _tools.Time, _tools.Logger);
        List<string> trimmed = [];
        foreach (var keys in await _queues.ListAsync(stopping))
            if (await ServerCheck.FindTrimmedAsync(_link, keys, stopping) is { } finding)
                trimmed.Add(finding);
        if (trimmed.Count > 0) durability = new Durability(false, [.. durability.Findings, .. trimmed]);
        if (_options.Strict && !durability.Durable) throw new StoreException("DUR001", string.Join("; ", durability.Findings));
        _pruner.Start();
        return durability;
    }

    /// <inheritdoc/>
    public override async ValueTask<string?> CheckAsync(CancellationToken stopping)
    {
        // A command would wait for the connection to come back, longer than who asks for readiness does.
        if (!Link.Connection.IsConnected) return $"{_options.UrlName}: not connected";
        try
        {
            // A replica answers a ping, and so does a server without memory.
            await Link.Database.StringSetAsync($"{Queues.OfStore.Prefix}:check", 1, s_checked).WaitAsync(stopping);
            return null;
        }
        catch (Exception error) when (RedisFault.IsServers(error))
        {
            return RedisFault.Explain(error, Queues.OfStore) is StoreException known ? known.Message : $"{_options.UrlName}: no answer, or no server that takes writes ({error.GetType().Name})";
        }
    }

    /// <summary>
    /// Which of <paramref name="deliveries"/> of <paramref name="queue"/>, as places from 0, come behind a message of their key that another
    /// program in the group has in hand, or that anybody has in the ten seconds after what a dead one had was taken over; all of them
    /// when there are more than 1,000 messages to look through.
    /// </summary>
    /// <exception cref="ArgumentException">A delivery has no id of this store.</exception>
    /// <exception cref="StoreException">The server cannot be reached or refuses.</exception>
    public async ValueTask<IReadOnlyList<int>> FindBehindForeignAsync(string queue, IReadOnlyList<Delivery> deliveries, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        ArgumentNullException.ThrowIfNull(deliveries);
        if (deliveries.Count == 0) return [];
        var pairs = new RedisValue[deliveries.Count * 2];
        for (var i = 0; i < deliveries.Count; i++)
        {
            if (!EntryId.TryRead(deliveries[i].Id, out _, out var entry)) throw new ArgumentException($"\"{deliveries[i].Id}\" is no delivery of this store.", nameof(deliveries));
            (pairs[2 * i], pairs[2 * i + 1]) = (entry, deliveries[i].Key ?? "");
        }
        // Most groups are nobody else's.
        if ((long)await AskAsync(Script.CountForeign, queue, stopping) == 0) return [];
        return [.. ((int[])(await AskAsync(Script.FindBehindForeign, queue, stopping, pairs))!).Select(place => place - 1)];
    }

    /// <inheritdoc/>
    public override Source OpenSource(SourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RedisSource(options, _options, Link, Queues, _tools);
    }

    /// <inheritdoc/>
    protected override async ValueTask<IReadOnlyList<EnqueueResult>> EnqueueCoreAsync(IReadOnlyList<NewJob> jobs, CancellationToken stopping)
    {
        var now = jobs.Any(job => job.RunAt is not null) ? await ReadClockAsync(stopping) : default;
        if (now != default)
            foreach (var job in jobs) JobRules.DueAt(job, now);
        var results = new EnqueueResult[jobs.Count];
        // One script a queue: queues may lie on different nodes.
        foreach (var group in Enumerable.Range(0, jobs.Count).GroupBy(i => jobs[i].Queue, StringComparer.Ordinal))
        {
            var keys = await Queues.RegisterAsync(group.Key, stopping);
            await _writer!.WriteAsync(keys, jobs, [.. group], results, stopping);
        }

        return results;
    }

    /// <inheritdoc/>
    public override async ValueTask<Job?> FindAsync(string id, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (await PlaceOfAsync(id, stopping) is not var (keys, entry)) return null;
        return JobReader.ReadJob(await Link.RunAsync(Script.FindJob, keys, stopping, [entry]), keys.Queue, id);
    }

    /// <inheritdoc/>
    public override async ValueTask<JobState?> CancelAsync(string id, string actor, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        if (await PlaceOfAsync(id, stopping) is not var (keys, entry)) return null;
        var answer = await Link.RunAsync(Script.CancelJob, keys, stopping, [entry, actor, id]);
        if (answer.IsNull) return null;
        var state = (string)answer!;
        return JobReader.StateOf(state, int.TryParse(state, NumberStyles.None, CultureInfo.InvariantCulture, out var final) ? final : 0);
    }

    /// <inheritdoc/>
    public override async ValueTask<QueueCounts> CountAsync(string queue, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(queue);
        var counts = (RedisResult[])(await AskAsync(Script.CountJobs, queue, stopping))!;
        return new((long)counts[0], (long)counts[1], (long)counts[2], (long)counts[3], counts[4].IsNull ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)counts[4]));
    }

    /// <inheritdoc/>
    public override async IAsyncEnumerable<DeadLetter> ListDeadLettersAsync(DeadLetterFilter filter, [EnumeratorCancellation] CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var left = filter.Limit ?? int.MaxValue;
        if (left <= 0) yield break;
        // Each queue's come in their order; several queues' are merged by time.
        var pages = (await Queues.ListAsync(stopping)).Select(keys => DeadLetters.ListAsync(Link, keys, filter, stopping).GetAsyncEnumerator(stopping)).ToList();
        var heads = new PriorityQueue<IAsyncEnumerator<DeadLetter>, DateTimeOffset>();
        try
        {
            foreach (var page in pages)
                if (await page.MoveNextAsync())
                    heads.Enqueue(page, page.Current.DiedAt);
            while (left-- > 0 && heads.TryDequeue(out var page, out _))
            {
                yield return page.Current;
                if (await page.MoveNextAsync()) heads.Enqueue(page, page.Current.DiedAt);
            }
        }
        finally
        {
            foreach (var page in pages) await page.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<string>> RequeueAsync(DeadLetterFilter filter, string actor, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        var heirs = new Dictionary<string, string>(StringComparer.Ordinal);
        var meant = await MeantAsync(filter, stopping);
        await ActAsync(Script.RequeueDead, filter, actor, meant, (keys, answer) =>
        {
            foreach (var pair in (RedisResult[])answer!)
            {
                var ids = (string[])pair!;
                heirs.Add(EntryId.ToJob(keys.Queue, ids[0]), EntryId.ToJob(keys.Queue, ids[1]));
            }
        }, stopping);
        return [.. meant.Where(heirs.ContainsKey).Select(id => heirs[id])];
    }

    /// <inheritdoc/>
    public override async ValueTask<int> DiscardAsync(DeadLetterFilter filter, string actor, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        var count = 0;
        await ActAsync(Script.DiscardDead, filter, actor, await MeantAsync(filter, stopping), (_, answer) => count += (int)answer, stopping);
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask SetPauseAsync(string worker, Pause? pause, string actor, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(worker);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        await Link.RunAsync(Script.SetPause, Queues.OfStore, stopping, [worker, pause is null ? "" : PauseText.Write(pause), actor, pause?.Reason ?? ""]);
    }

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<Pause>> ListPausesAsync(CancellationToken stopping)
    {
        var entries = await Link.PatientlyAsync(database => database.HashGetAllAsync($"{Queues.OfStore.Prefix}:pauses"), stopping);
        return [.. entries.Select(entry => PauseText.Read(entry.Name!, entry.Value!))];
    }

    /// <inheritdoc/>
    public override async ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping)
    {
        ArgumentException.ThrowIfNullOrEmpty(actor);
        ArgumentException.ThrowIfNullOrEmpty(action);
        await Link.RunAsync(Script.WriteAudit, Queues.OfStore, stopping, [actor, action, target, detail ?? ""]);
    }

    /// <inheritdoc/>
    public override async ValueTask<IReadOnlyList<AuditEntry>> ListAuditAsync(int limit, CancellationToken stopping)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return await AuditTrail.ListAsync(Link, [Queues.OfStore, .. await Queues.ListAsync(stopping)], limit, stopping);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> PruneAsync(CancellationToken stopping) => await (_pruner ?? throw new InvalidOperationException("The store is not open.")).PruneAsync(stopping);

    /// <summary>Lets the store's clock pass, for tests, and wakes whoever waits for it.</summary>
    internal async Task AdvanceAsync(TimeSpan by)
    {
        _tools.Clock.Advance(by);
        foreach (var keys in await Queues.ListAsync(CancellationToken.None)) await Link.RunAsync(Script.Wake, keys, CancellationToken.None);
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        if (Interlocked.Exchange(ref _pruner, null) is { } pruner) await pruner.DisposeAsync();
        if (_link is not null) await _link.DisposeAsync();
    }

    /// <summary>What a script answers about a queue; who shows it shows the error in its place.</summary>
    private async ValueTask<RedisResult> AskAsync(Script script, string queue, CancellationToken stopping, params RedisValue[] arguments)
    {
        try
        {
            return await Link.RunAsync(script, Queues.Of(queue), stopping, arguments);
        }
        catch (Exception error) when (RedisFault.Passes(error))
        {
            throw new StoreException("DB001", $"{_options.UrlName}: no answer ({error.GetType().Name})", error);
        }
    }

    private async ValueTask<DateTimeOffset> ReadClockAsync(CancellationToken stopping) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)await Link.RunAsync(Script.Clock, Queues.OfStore, stopping));

    private async ValueTask<(QueueKeys Keys, string Entry)?> PlaceOfAsync(string id, CancellationToken stopping) =>
        EntryId.TryRead(id, out var queue, out var entry) && await Queues.IsKnownAsync(queue, stopping) ? (Queues.Of(queue), entry) : null;

    private async Task<List<string>> MeantAsync(DeadLetterFilter filter, CancellationToken stopping)
    {
        List<string> ids = [];
        await foreach (var letter in ListDeadLettersAsync(filter, stopping)) ids.Add(letter.Id);
        return ids;
    }

    private async Task ActAsync(Script script, DeadLetterFilter filter, string actor, List<string> meant, Action<QueueKeys, RedisResult> take, CancellationToken stopping)
    {
        var target = meant is [var one] ? one : filter.Queue ?? "*";
        foreach (var queue in meant.GroupBy(id => id[..id.IndexOf(':', StringComparison.Ordinal)], StringComparer.Ordinal))
            foreach (var part in queue.Chunk(MostInOneAction))
            {
                var keys = Queues.Of(queue.Key);
                take(keys, await Link.RunAsync(script, keys, stopping, [actor, target, .. part.Select(id => (RedisValue)EntryId.OfJob(queue.Key, id))]));
            }
    }
}
