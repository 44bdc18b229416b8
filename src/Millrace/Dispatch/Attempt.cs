using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>Why an attempt was told to end.</summary>
internal enum Interruption
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The worker stops: the delivery goes back without spending an attempt.</summary>
    Stop,

    /// <summary>It took longer than the worker allows.</summary>
    Timeout,

    /// <summary>The claim is lost: nothing may be written any more.</summary>
    Lost,

    /// <summary>Somebody cancelled the job.</summary>
    Cancel,
}

/// <summary>What a slot is doing now: one handler call, its cancellation and the reason for it. Reused from call to call.</summary>
internal sealed class Attempt : IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _cancellation = new();
    private Interruption _interruption;
    private long _startedAt;
    private bool _running;

    /// <summary>Set when the handler must end.</summary>
    public CancellationToken Token => _cancellation.Token;

    /// <summary>The first reason given, or none.</summary>
    public Interruption Interruption => _interruption;

    /// <summary>The one delivery in hand, or null (then see <see cref="Batch"/>).</summary>
    public Delivery? Delivery { get; private set; }

    /// <summary>The deliveries in hand, for a batch handler.</summary>
    public List<Delivery> Batch { get; } = [];

    public void Begin(Delivery? delivery, long now)
    {
        lock (_gate)
        {
            Delivery = delivery;
            _startedAt = now;
            _interruption = Interruption.None;
            _running = true;
        }
    }

    /// <summary>Gives the next handler call within the same attempt its full time, after a time-out of the one before.</summary>
    public void Renew(long now)
    {
        lock (_gate)
        {
            if (_interruption is not (Interruption.None or Interruption.Timeout)) return;
            _startedAt = now;
            ResetToken();
            _interruption = Interruption.None;
        }
    }

    public void End()
    {
        lock (_gate)
        {
            _running = false;
            Delivery = null;
            Batch.Clear();
            ResetToken();
        }
    }

    /// <summary>Tells the handler to end; only the first reason counts.</summary>
    public void Interrupt(Interruption reason)
    {
        CancellationTokenSource cancellation;
        lock (_gate)
        {
            if (!_running || _interruption != Interruption.None) return;
            _interruption = reason;
            cancellation = _cancellation;
        }

        // Outside the lock: user code registered on the token runs here.
        cancellation.Cancel();
    }

    /// <summary>Interrupts an attempt that started before <paramref name="startedBefore"/>.</summary>
    public void InterruptIfOlder(long startedBefore)
    {
        bool old;
        lock (_gate) old = _running && _startedAt < startedBefore;
        if (old) Interrupt(Interruption.Timeout);
    }

    /// <summary>Interrupts the attempt if it is about <paramref name="delivery"/> alone.</summary>
    public void Interrupt(Delivery delivery, Interruption reason)
    {
        if (ReferenceEquals(Delivery, delivery)) Interrupt(reason);
    }

    /// <summary>Adds what is in hand to <paramref name="held"/>.</summary>
    public void CopyTo(List<Delivery> held)
    {
        lock (_gate)
        {
            if (!_running) return;
            if (Delivery is { } one) held.Add(one);
            else held.AddRange(Batch);
        }
    }

    public void Dispose() => _cancellation.Dispose();

    private void ResetToken()
    {
        if (_interruption == Interruption.None) return;
        // A cancelled source cannot be reset; whoever still holds the old token may keep it.
        _cancellation = new CancellationTokenSource();
    }
}
