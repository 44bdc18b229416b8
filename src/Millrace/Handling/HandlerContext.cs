using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Handling;

/// <summary>What a handler may know and ask about the delivery in its hands; valid until the handler returns.</summary>
public sealed class HandlerContext
{
    private readonly HandlerScope _scope;

    /// <summary>A context for <paramref name="delivery"/> under the worker named <paramref name="worker"/>; tests of handlers may make one.</summary>
    public HandlerContext(Delivery delivery, string worker, IServiceProvider? services = null)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        ArgumentNullException.ThrowIfNull(worker);
        Delivery = delivery;
        _scope = new(worker, services);
    }

    /// <summary>A context of a worker that makes many: what they have in common is made once.</summary>
    internal HandlerContext(Delivery delivery, HandlerScope scope)
    {
        Delivery = delivery;
        _scope = scope;
    }

    /// <summary>The delivery: id, key, headers, attempt, tenant, enqueue time, fencing token.</summary>
    public Delivery Delivery { get; }

    /// <summary>The worker's name.</summary>
    public string Worker => _scope.Worker;

    /// <summary>The host's services, or null outside a host.</summary>
    public IServiceProvider? Services => _scope.Services;

    /// <summary>Equal for every attempt at this delivery, different for every other: hand it to a receiver that honours idempotency keys.</summary>
    public string IdempotencyKey => $"{Delivery.Queue}:{Delivery.Id}";

    /// <summary>What the handler decided itself, or null when returning means completed.</summary>
    internal Outcome? Decision { get; private set; }

    /// <summary>Runs the delivery again after <paramref name="delay"/> without spending an attempt, once the handler returns.</summary>
    public void Snooze(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Decision = Outcome.Snoozed(delay);
    }

    /// <summary>Makes the delivery a dead letter once the handler returns.</summary>
    public void Bury(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        Decision = Outcome.Dead(reason);
    }
}

/// <summary>What all contexts of one worker have in common.</summary>
internal sealed record HandlerScope(string Worker, IServiceProvider? Services);
