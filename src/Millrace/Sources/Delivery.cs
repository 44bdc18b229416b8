using System.Globalization;

namespace Millrace.Sources;

/// <summary>One message as handed to us, with its claim and attempt.</summary>
public sealed class Delivery
{
    // Ticks and not a DateTimeOffset: a delivery is made for every message, and this saves 8 bytes of it.
    private readonly long _enqueuedTicks;
    private string? _id;

    /// <summary>A delivery of a source whose ids are text.</summary>
    public Delivery(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        _id = id;
    }

    /// <summary>A delivery of a source whose ids are numbers; the text form is made only when asked for.</summary>
    public Delivery(long number) => Number = number;

    /// <summary>Unique within the store; equal for every attempt.</summary>
    public string Id => _id ??= Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The id as a number where the source has numeric ids, else 0.</summary>
    public long Number { get; }

    /// <summary>The queue or topic it came from.</summary>
    public required string Queue { get; init; }

    /// <summary>Which kind of message the body holds, as the publisher named it; empty when the queue holds one kind.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The payload as bytes.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The order key, or null when order does not matter for it.</summary>
    public string? Key { get; init; }

    /// <summary>The tenant it belongs to, or null.</summary>
    public string? Tenant { get; init; }

    /// <summary>The headers as published.</summary>
    public MessageHeaders Headers { get; init; } = MessageHeaders.Empty;

    /// <summary>Which attempt this is, from 1; snoozes, releases and crashes do not count.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How often a process died while a handler ran it.</summary>
    public int Crashes { get; init; }

    /// <summary>How often it was snoozed.</summary>
    public int Snoozes { get; init; }

    /// <summary>When the store accepted it, by the store's clock.</summary>
    public DateTimeOffset EnqueuedAt
    {
        get => new(_enqueuedTicks, TimeSpan.Zero);
        init => _enqueuedTicks = value.UtcTicks;
    }

    /// <summary>The dead letter that an operator's requeue took up again with this delivery, or null.</summary>
    public string? RequeuedFrom { get; init; }

    /// <summary>The fencing token: grows with every claim of this id, and the source refuses a write that bears an older one.</summary>
    public long Token { get; init; }

    /// <summary>What the source itself keeps with the delivery; nobody else looks inside.</summary>
    public object? Receipt { get; init; }

    /// <summary>The next delivery in the same dispatch lane; owned by the dispatcher.</summary>
    internal Delivery? Next { get; set; }

    /// <summary>What became of the claim since the fetch.</summary>
    internal ClaimState Claim { get; set; }

    /// <summary>What the delivery weighs against the byte budget: the body and a fixed share for the rest.</summary>
    internal int Weight => Body.Length + 256;
}

/// <summary>Whether a claimed delivery is still ours to handle.</summary>
internal enum ClaimState : byte
{
    Held,
    Lost,
    Cancelled,
}
