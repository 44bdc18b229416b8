using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>
/// Runs one worker: asks the source for as much as it has room for, hands deliveries to its slots in order, and passes each outcome on.
/// A delivery counts against the room until its settlement is written.
/// </summary>
internal sealed class Dispatcher : IAsyncDisposable
{
    /// <summary>How many deliveries a slot handles before it lets others have the thread.</summary>
    private const int TurnsBeforeYield = 64;

    private readonly Lock _gate = new();
    private readonly Source _source;
    private readonly DispatcherOptions _options;
    private readonly HandleDelivery? _handleOne;
    private readonly HandleDeliveries? _handleMany;
    private readonly Action<Settlement> _settle;
    private readonly Action _hurry;
    private readonly TimeProvider _time;
    private readonly Lanes _lanes;
    private readonly Credit _credit;
    private readonly Stack<Slot> _idle = new();
    private readonly List<Slot> _slots = [];
    private readonly ITimer _batchTimer;
    private int _concurrency;
    private int _running;
    private bool _quiet;
    private bool _closed;
    private bool _batchDue;
    private bool _batchTimed;
    private TaskCompletionSource? _drained;

    // The last of what was turned away, until it is written. It is not in the order of its key, so a fetch that brings the start of it again
    // proves nothing (docs/decisions/002).
    private Delivery? _turnedAway;

    private Dispatcher(Source source, DispatcherOptions options, Action<Settlement> settle, Action hurry, TimeProvider time)
    {
        _source = source;
        _options = options;
        _settle = settle;
        _hurry = hurry;
        _time = time;
        _lanes = new(source.Options.Order);
        _credit = new(options);
        _concurrency = options.Concurrency;
        _batchTimer = time.CreateTimer(_ => FlushBatch(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Fetcher = new(this, source, time);
    }

    public Dispatcher(Source source, DispatcherOptions options, HandleDelivery handle, Action<Settlement> settle, Action hurry, TimeProvider time)
        : this(source, options, settle, hurry, time) => _handleOne = handle;

    public Dispatcher(Source source, DispatcherOptions options, HandleDeliveries handle, Action<Settlement> settle, Action hurry, TimeProvider time)
        : this(source, options, settle, hurry, time) => _handleMany = handle;

    /// <summary>Asks the source; pause and quiet act on it.</summary>
    public Fetcher Fetcher { get; }

    /// <summary>What the worker is doing, for status pages.</summary>
    public DispatcherState State
    {
        get
        {
            lock (_gate) return new(_concurrency, _running, _lanes.Count, _lanes.Keys, _lanes.Parked, _credit.Held, _credit.HeldBytes, _credit.Capacity);
        }
    }

    /// <summary>Starts the slots; they wait until the fetcher brings something.</summary>
    public void Start() => SetConcurrency(_options.Concurrency);

    /// <summary>Changes how many handler calls run at once; those beyond it finish what they have in hand.</summary>
    public void SetConcurrency(int concurrency)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        lock (_gate)
        {
            _concurrency = concurrency;
            _credit.Resize(concurrency);
            for (var i = 0; i < concurrency; i++)
            {
                if (i == _slots.Count) _slots.Add(new Slot(i));
                if (_slots[i].Running.IsCompleted) _slots[i].Running = RunSlotAsync(_slots[i]);
            }

            WakeAll();
        }

        Fetcher.Room.Set();
    }

    /// <summary>What may be asked of the source now, or null.</summary>
    public FetchLimit? Ask()
    {
        lock (_gate) return _quiet || _turnedAway is not null ? null : _credit.Ask(_lanes.Ready > 0);
    }

    /// <summary>Takes in what was fetched.</summary>
    public void Absorb(IReadOnlyList<Delivery> fetched, bool all)
    {
        List<Delivery>? goBack = null;
        Slot? wake = null;
        lock (_gate)
        {
            var dry = _lanes.Ready == 0 && _idle.Count > 0;
            foreach (var delivery in fetched)
            {
                _credit.Take(delivery);
                if (!_lanes.TryAdd(delivery)) (goBack ??= []).Add(delivery);
            }

            if (_quiet) (goBack ??= []).AddRange(_lanes.TakeAll(givenBack: true));
            if (goBack is [.., var last]) _turnedAway = last;

            if (dry && all) _credit.Grow();
            if (CanTake()) _idle.TryPop(out wake);
            else TimeBatch();
        }

        wake?.Wake.Set();
        GiveBack(goBack);
    }

    /// <summary>Called after each fetch has ended, whatever came of it: keys whose parking was written before it may open again.</summary>
    public void FetchEnded()
    {
        lock (_gate) _lanes.FetchEnded();
    }

    /// <summary>Called before the fetcher waits for room.</summary>
    public void NoRoom() => _hurry();

    /// <summary>Called when claims wait long for room.</summary>
    public void Shrink()
    {
        lock (_gate)
            if (_lanes.Ready > 0)
                _credit.Shrink();
    }

    /// <summary>Takes no more: what waits for a slot goes back without spending an attempt.</summary>
    public void Quiet()
    {
        List<Delivery> waiting;
        lock (_gate)
        {
            _quiet = true;
            waiting = _lanes.TakeAll(givenBack: true);
            // What runs may go back after it.
            if (waiting is [.., var last]) _turnedAway = last;
        }

        GiveBack(waiting);
    }

    /// <summary>The claims on all that waits here are gone: drops it, for nothing may be written.</summary>
    public void DropWaiting()
    {
        lock (_gate)
            foreach (var delivery in _lanes.TakeAll(givenBack: false))
                _credit.Return(delivery);
    }

    /// <summary>Takes deliveries again.</summary>
    public void Resume()
    {
        lock (_gate) _quiet = false;
        Fetcher.Room.Set();
    }

    /// <summary>Ends when no handler runs.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_running == 0) return Task.CompletedTask;
            return (_drained ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Tells every running handler to end.</summary>
    public void InterruptAll(Interruption reason)
    {
        foreach (var slot in SlotsNow()) slot.Attempt.Interrupt(reason);
    }

    /// <summary>Ends attempts that have used up their time.</summary>
    public void InterruptOverdue(TimeSpan timeout)
    {
        var startedBefore = _time.GetTimestamp() - (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        foreach (var slot in SlotsNow()) slot.Attempt.InterruptIfOlder(startedBefore);
    }

    /// <summary>All that is claimed here and whose handler has not returned.</summary>
    public List<Delivery> Held()
    {
        var held = new List<Delivery>();
        lock (_gate)
        {
            _lanes.CopyTo(held);
            foreach (var slot in _slots) slot.Attempt.CopyTo(held);
        }

        return held;
    }

    /// <summary>Ends the handler of a delivery that is ours no more, or that was cancelled.</summary>
    public void Interrupt(Delivery delivery, Interruption reason)
    {
        delivery.Claim = reason == Interruption.Cancel ? ClaimState.Cancelled : ClaimState.Lost;
        foreach (var slot in SlotsNow()) slot.Attempt.Interrupt(delivery, reason);
    }

    /// <summary>Called when settlements are written or refused: their room is free again.</summary>
    public void Written(IReadOnlyList<Settlement> batch)
    {
        lock (_gate)
        {
            foreach (var (delivery, outcome) in batch)
            {
                _credit.Return(delivery);
                if (delivery == _turnedAway) _turnedAway = null;
                if (_lanes.Parked > 0 && delivery.Key is not null && GoesBack(outcome)) _lanes.Written(delivery.Key, Fetcher.Fetching);
            }
        }

        Fetcher.Room.Set();
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closed = true;
            WakeAll();
        }

        Fetcher.Dispose();
        await _batchTimer.DisposeAsync();
        await Task.WhenAll(SlotsNow().Select(slot => slot.Running));
        foreach (var slot in _slots) slot.Dispose();
    }

    private async Task RunSlotAsync(Slot slot)
    {
        for (var turns = 1; ; turns++)
        {
            Delivery? delivery = null;
            Slot? wake = null;
            bool taken, retired;
            lock (_gate)
            {
                retired = _closed || slot.Index >= _concurrency;
                taken = !retired && CanTake() && Take(slot, out delivery);
                if (taken)
                {
                    _running++;
                    if (CanTake()) _idle.TryPop(out wake);
                    else TimeBatch();
                }
                else if (!retired)
                {
                    _idle.Push(slot);
                    // What waited behind our own keys is ready now, and nothing else may ever arrive.
                    TimeBatch();
                }
            }

            if (retired) return;
            wake?.Wake.Set();
            if (!taken)
            {
                Fetcher.Room.Set();
                await slot.Wake.WaitAsync();
                continue;
            }

            slot.Attempt.Begin(delivery, _options.Timeout is null ? 0 : _time.GetTimestamp());   // reading the clock costs a tenth of it all
            if (delivery is not null) await HandleOneAsync(slot, delivery);
            else await HandleManyAsync(slot);
            if (turns % TurnsBeforeYield == 0) await Task.Yield();
        }
    }

    private async ValueTask HandleOneAsync(Slot slot, Delivery delivery)
    {
        var outcome = await _handleOne!(delivery, slot.Attempt);
        var lost = slot.Attempt.Interruption == Interruption.Lost;
        slot.Attempt.End();
        Delivery? behind = null;
        lock (_gate)
        {
            if (slot.Lanes.Count > 0)
            {
                if (lost || !GoesBack(outcome))
                {
                    _lanes.Finish(slot.Lanes[0]);
                }
                else
                {
                    _lanes.GiveBack(slot.Lanes[0], delivery);
                    behind = _lanes.Park(slot.Lanes[0]);
                }

                slot.Lanes.Clear();
            }

            if (lost) _credit.Return(delivery);
            StopRunning();
        }

        if (!lost) _settle(new(delivery, outcome));
        GiveBackChain(behind);
    }

    private async ValueTask HandleManyAsync(Slot slot)
    {
        var deliveries = slot.Attempt.Batch.ToArray();
        var outcomes = new Outcome[deliveries.Length];
        await _handleMany!(deliveries, outcomes, slot.Attempt);
        var lost = slot.Attempt.Interruption == Interruption.Lost;
        slot.Attempt.End();
        List<Delivery?>? behind = null;
        lock (_gate)
        {
            if (!lost) GiveBack(deliveries, outcomes);
            foreach (var lane in slot.Lanes)
                if (lane.Unwritten > 0) (behind ??= []).Add(_lanes.Park(lane));
                else _lanes.Finish(lane);
            slot.Lanes.Clear();
            if (lost) foreach (var delivery in deliveries) _credit.Return(delivery);
            StopRunning();
        }

        if (lost) return;
        // In the order of the batch: the source must see a parked head before what was given back behind it.
        for (var i = 0; i < deliveries.Length; i++) _settle(new(deliveries[i], outcomes[i]));
        if (behind is not null)
            foreach (var head in behind)
                GiveBackChain(head);
    }

    private void GiveBack(Delivery[] deliveries, Outcome[] outcomes)
    {
        for (var i = 0; i < deliveries.Length; i++)
            if (deliveries[i].Key is { } key && GoesBack(outcomes[i]))
                _lanes.GiveBack(_lanes.Find(key)!, deliveries[i]);
    }

    private bool Take(Slot slot, out Delivery? delivery)
    {
        if (_handleOne is not null)
        {
            var any = _lanes.TryTake(out delivery, out var lane);
            if (lane is not null) slot.Lanes.Add(lane);
            return any;
        }

        delivery = null;
        _lanes.TakeMany(_options.BatchSize, slot.Attempt.Batch, slot.Lanes);
        if (_lanes.Count == 0) _batchDue = false;
        return slot.Attempt.Batch.Count > 0;
    }

    private bool CanTake() => _lanes.Ready > 0 && (_handleOne is not null || _batchDue || _quiet
        || _options.BatchMaxAge <= TimeSpan.Zero || _lanes.Count >= _options.BatchSize);

    private void TimeBatch()
    {
        if (_handleMany is null || _batchTimed || _lanes.Ready == 0) return;
        _batchTimed = true;
        _batchTimer.Change(_options.BatchMaxAge, Timeout.InfiniteTimeSpan);
    }

    private void FlushBatch()
    {
        Slot? wake;
        lock (_gate)
        {
            _batchTimed = false;
            _batchDue = _lanes.Ready > 0;
            _idle.TryPop(out wake);
        }

        wake?.Wake.Set();
    }

    private void StopRunning()
    {
        if (--_running > 0 || _drained is null) return;
        _drained.TrySetResult();
        _drained = null;
    }

    /// <summary>Whether the source will hold the delivery's key, or hand the delivery out again.</summary>
    private bool GoesBack(Outcome outcome) => _source.Options.Order == Order.PerKey && outcome switch
    {
        Outcome.RetryOutcome or Outcome.SnoozedOutcome => true,
        Outcome.DeadOutcome => _source.Options.DeadHead == DeadHeadPolicy.Hold,
        _ => false,
    };

    private void GiveBack(List<Delivery>? deliveries)
    {
        if (deliveries is null) return;
        foreach (var delivery in deliveries) _settle(new(delivery, Outcome.Released));
    }

    private void GiveBackChain(Delivery? head)
    {
        while (head is not null)
        {
            var next = head.Next;
            head.Next = null;
            _settle(new(head, Outcome.Released));
            head = next;
        }
    }

    private void WakeAll()
    {
        while (_idle.TryPop(out var slot)) slot.Wake.Set();
    }

    private Slot[] SlotsNow()
    {
        lock (_gate) return [.. _slots];
    }
}

/// <summary>A dispatcher at one moment.</summary>
/// <param name="Concurrency">Handler calls that may run at once.</param>
/// <param name="Running">Handler calls that run.</param>
/// <param name="Waiting">Deliveries that wait for a slot.</param>
/// <param name="Keys">Keys with something in them.</param>
/// <param name="ParkedKeys">Keys whose parking is not written yet.</param>
/// <param name="InFlight">Deliveries claimed and not settled.</param>
/// <param name="InFlightBytes">Bytes claimed and not settled.</param>
/// <param name="Capacity">Most that may be in flight now.</param>
internal readonly record struct DispatcherState(int Concurrency, int Running, int Waiting, int Keys, int ParkedKeys, int InFlight, long InFlightBytes, int Capacity);
