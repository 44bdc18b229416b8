using Millrace.Outcomes;
using Millrace.Redis.Connecting;
using Millrace.Redis.Fetching;
using Millrace.Redis.Messages;
using Millrace.Redis.Settling;
using Millrace.Settlements;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>One queue: a consumer of its group that reads in batches and holds what it read as long as it renews its lease.</summary>
internal sealed class RedisSource : Source
{
    private const int MostInOneFetch = 2_000;

    private readonly RedisLink _link;
    private readonly RedisStoreOptions _options;
    private readonly QueueRegistry _queues;
    private readonly QueueKeys _keys;
    private readonly RedisTools _tools;
    private readonly RunningMarks _marks;
    private readonly SettlementWriter _settlements;
    private readonly HeldEntries _held = new();
    private readonly FetchReader _reader;
    private readonly DirectReads _direct;
    private readonly OwnerClaims _claims;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _fetching = new(1);
    private readonly Queue<Delivery> _over = new();
    private readonly List<Delivery> _foreign = [];
    private RedisLink? _reads;
    private Sleeper? _sleeper;
    private volatile string _owner = "";
    private string _forgotten = "";

    // Something went back to the source since the latest read: what is over from that read may come behind it.
    private volatile bool _returned;

    // The connection on which an answer was lost. What is sent on it now is carried out after what was lost, on another perhaps before.
    private RedisLink? _unsure;
    private double _meanBody = 256;

    public RedisSource(SourceOptions options, RedisStoreOptions store, RedisLink link, QueueRegistry queues, RedisTools tools)
        : base(options)
    {
        _options = store;
        _link = link;
        _queues = queues;
        _keys = queues.Of(options.Queue);
        _tools = tools;
        _marks = new(link, _keys);
        _settlements = new(link, _keys, options, store);
        _reader = new(options.Queue);
        _direct = new(_keys, options, store, tools);
        _claims = new(link, _keys, _held, tools);
    }

    public override SourceCapabilities Capabilities =>
        SourceCapabilities.OrderedKeys | SourceCapabilities.DelayedRetry | SourceCapabilities.Leases | SourceCapabilities.DeadLetters
        | SourceCapabilities.CrashCounts | SourceCapabilities.Priorities | SourceCapabilities.OutOfOrderSettlement;

    public override string MessagingSystem => RedisStore.SystemName;

    public override ValueTask MarkRunningAsync(Delivery delivery)
    {
        if (!IsCurrent(delivery)) return ValueTask.CompletedTask;
        var entry = EntryId.OfJob(delivery.Queue, delivery.Id);
        if (_held.IsSuspect(delivery.Id)) return new(_marks.MarkWrittenAsync(entry));
        _marks.Mark(entry);
        return ValueTask.CompletedTask;
    }

    public override void MarkDone(Delivery delivery)
    {
        if (IsCurrent(delivery)) _marks.Clear(EntryId.OfJob(delivery.Queue, delivery.Id));
    }

    /// <summary>A claim from before the lease was lost says nothing about the one we may have now.</summary>
    private bool IsCurrent(Delivery delivery) => delivery.Receipt is Claim claim && claim.Owner == _owner;

    public override void ForgetClaims() => Interlocked.CompareExchange(ref _forgotten, _owner, "");

    /// <summary>One fetch at a time: a second one waits for what the first leaves over, and closing waits for none.</summary>
    protected override async ValueTask<IReadOnlyList<Delivery>> FetchCoreAsync(FetchLimit limit, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, _closing.Token);
        await _fetching.WaitAsync(either.Token);
        try
        {
            await ConnectAsync(either.Token);
            return await TakeAsync(limit, either.Token);
        }
        finally
        {
            _fetching.Release();
        }
    }

    protected override async ValueTask<IReadOnlyList<Settlement>> SettleCoreAsync(IReadOnlyList<Settlement> batch, CancellationToken deadline)
    {
        var result = await _settlements.WriteAsync(batch, _owner, deadline);
        // What is ready again is not seen by reading new entries.
        if (result.Returned)
        {
            _direct.Forget();
            _returned = true;
        }

        _held.Remove(batch);
        _claims.ReportLost(result.Lost);
        return result.Refused;
    }

    protected override async ValueTask<IReadOnlyList<LostClaim>> RenewCoreAsync(IReadOnlyList<Delivery> held, CancellationToken stopping)
    {
        var owner = _owner;
        var answer = owner.Length == 0 ? null
            : await _link.RunAsync(Script.Renew, _keys, stopping, [owner, (long)Options.Lease.TotalMilliseconds, _options.Free == FreeEntries.Trim]);
        var cancelled = answer is null || answer.IsNull ? null : (string[])answer!;
        List<LostClaim> lost = [];
        foreach (var delivery in held)
        {
            if (cancelled is null || ((Claim)delivery.Receipt!).Owner != owner) lost.Add(new LostClaim(delivery, Cancelled: false));
            else if (cancelled.Length > 0 && cancelled.Contains(EntryId.OfJob(delivery.Queue, delivery.Id))) lost.Add(new LostClaim(delivery, Cancelled: true));
        }

        foreach (var claim in lost)
            if (!claim.Cancelled)
                _held.Remove(claim.Delivery);
        return lost;
    }

    protected override async ValueTask DisposeCoreAsync()
    {
        await _closing.CancelAsync();
        // Whatever a fetch was about to claim is claimed or not after this, and given back below.
        await _fetching.WaitAsync();
        try
        {
            if (_owner.Length > 0) await _claims.EndAsync(_owner, CancellationToken.None);
        }
        catch (Exception error) when (RedisFault.IsServers(error))
        {
            // The lease ends by itself; whoever comes then takes the claims back.
            Log.OwnerNotEnded(_tools.Logger, _owner, Options.Queue, error);
        }

        if (_reads is not null) await _reads.DisposeAsync();
        _settlements.Dispose();
    }

    /// <summary>A source has a connection of its own for reading: what it reads is large, and it sleeps in a blocking command.</summary>
    private async Task ConnectAsync(CancellationToken stopping)
    {
        if (_sleeper is not null) return;
        await _queues.RegisterAsync(Options.Queue, stopping);
        _reads = await RedisLink.ConnectAsync(_options, $"reading {Options.Queue}", mustAnswer: false, _tools);
        _sleeper = new(_reads, _keys, _options.CommandTimeout);
    }

    private async Task<IReadOnlyList<Delivery>> TakeAsync(FetchLimit limit, CancellationToken stopping)
    {
        while (true)
        {
            if (_forgotten.Length > 0) await EndForgottenAsync(stopping);
            if (_over.Count > 0 && _returned && Options.Order == Sources.Order.PerKey) await GiveBackAsync();
            if (_over.Count > 0) return TakeOver(limit);
            if (_unsure is { } link)
            {
                await _claims.ReleaseUnknownAsync(link, _owner, stopping);
                _unsure = null;
            }

            if (_foreign.Count > 0) await BuryForeignAsync();
            var fetched = await ReadAsync(limit, stopping);
            // Whatever fails from here on, they are in hand.
            foreach (var delivery in fetched.Deliveries) _over.Enqueue(delivery);
            if (fetched.Foreign is { } foreign) _foreign.AddRange(foreign);
            if (_foreign.Count > 0) await BuryForeignAsync();
            if (_over.Count > 0)
            {
                if (!stopping.IsCancellationRequested) return TakeOver(limit);
                await GiveBackAsync();
                stopping.ThrowIfCancellationRequested();
            }

            // A direct read says nothing of what else there is; look before sleeping over it.
            if (fetched.Sleep is not { } sleep) continue;
            _direct.Forget();
            await _sleeper!.SleepAsync(sleep.Delivered, sleep.Woken, sleep.NextDue, stopping);
        }
    }

    private List<Delivery> TakeOver(FetchLimit limit)
    {
        List<Delivery> taken = new(Math.Min(_over.Count, limit.Count));
        for (var bytes = 0L; taken.Count < limit.Count && bytes < limit.Bytes && _over.TryDequeue(out var delivery);)
        {
            taken.Add(delivery);
            bytes += delivery.Body.Length;
        }

        return taken;
    }

    private async Task<Fetched> ReadAsync(FetchLimit limit, CancellationToken stopping)
    {
        var count = (int)Math.Clamp(Math.Min(limit.Count, limit.Bytes / _meanBody), 1, MostInOneFetch);
        _returned = false;
        var direct = _owner.Length > 0 && !_sleeper!.IsAsleep && _direct.MayRead(count);
        var fetched = direct ? await ReadNewAsync(count, stopping) : await FetchAsync(count, stopping);
        _held.Add(fetched);
        foreach (var delivery in fetched.Deliveries) _meanBody += (delivery.Body.Length + 64 - _meanBody) / 64;
        return fetched;
    }

    private async Task<Fetched> ReadNewAsync(int count, CancellationToken stopping)
    {
        try
        {
            return _reader.Read(await _direct.ReadAsync(_reads!.Database, _owner, count), _owner);
        }
        catch (Exception error) when (RedisFault.Passes(error) || RedisFault.IsNoGroup(error))
        {
            // The script that looks after everything finds out what is to be done.
            if (RedisFault.Passes(error)) _unsure = _reads;
            _direct.Forget();
            stopping.ThrowIfCancellationRequested();
            return Fetched.Nothing;
        }
        catch (RedisServerException error)
        {
            throw RedisFault.Explain(error, _keys);
        }
    }

    private async Task<Fetched> FetchAsync(int count, CancellationToken stopping)
    {
        // Nothing waits behind a command that sleeps.
        var link = _sleeper!.IsAsleep ? _link : _reads!;
        try
        {
            var answer = await link.RunOnceAsync(
                Script.Fetch, _keys, _owner, _options.Consumer, (long)Options.Lease.TotalMilliseconds, count, Options.Order == Sources.Order.PerKey, (long)_options.ForeignConsumerTimeout.TotalMilliseconds);
            var fetched = _reader.Read(answer);
            _direct.Looked(fetched);
            Follow(fetched);
            return fetched;
        }
        catch (RedisServerException error) when (RedisFault.IsNoGroup(error))
        {
            await _link.CreateGroupAsync(_keys, wasThere: _owner.Length > 0, stopping);
            return Fetched.Nothing;
        }
        catch (Exception error) when (RedisFault.Passes(error))
        {
            // What the lost answer held is ours without our knowing it.
            _unsure = link;
            await _link.RunAsync(Script.Clock, _keys, stopping);
            return Fetched.Nothing;
        }
        catch (RedisServerException error)
        {
            throw RedisFault.Explain(error, _keys);
        }
    }

    private void Follow(Fetched fetched)
    {
        if (fetched.Owner != _owner)
        {
            Forget();
            _marks.Begin(fetched.Owner);
            _owner = fetched.Owner;
        }

        _claims.ReportLost(fetched.Lost);
        if (fetched.TakenBack > 0) RedisMeters.TakenBack(_tools.Logger, Options.Queue, fetched.TakenBack, fetched.Crashed);
    }

    /// <summary>What was given up here goes back before anything is claimed anew.</summary>
    private async Task EndForgottenAsync(CancellationToken stopping)
    {
        await _claims.EndAsync(_forgotten, stopping);
        Forget();
        _owner = _forgotten = "";
        _direct.Forget();
    }

    private void Forget()
    {
        _held.Clear();
        _over.Clear();
        _foreign.Clear();
    }

    private async Task GiveBackAsync()
    {
        var back = _over.Select(delivery => new Settlement(delivery, Outcome.Released)).ToArray();
        _over.Clear();
        try
        {
            await SettleCoreAsync(back, CancellationToken.None);
        }
        catch (Exception error) when (RedisFault.IsServers(error))
        {
            // The next fetch gives back what nobody has in hand.
            _held.Remove(back);
            _unsure ??= _link;
        }
    }

    /// <summary>Those that could not be buried now are with the next fetch.</summary>
    private async Task BuryForeignAsync()
    {
        await SettleCoreAsync([.. _foreign.Select(delivery => new Settlement(delivery, Outcome.Dead("SRC001 the entry has no field \"body\": it is none of ours and is kept as it is")))], CancellationToken.None);
        foreach (var delivery in _foreign) Log.ForeignEntry(_tools.Logger, Options.Queue, delivery.Id);
        _foreign.Clear();
    }
}
