using Millrace.Storage;

namespace Millrace.Conformance.Modelling;

/// <summary>One job as the reference model remembers it.</summary>
internal sealed class ModelJob
{
    public required string Id { get; init; }
    public string? Key { get; init; }

    /// <summary>Its place among the jobs of its key; null for a delayed publish, which may stand anywhere once it is due.</summary>
    public long? Place { get; init; }

    public JobState State { get; set; }
    public DateTimeOffset Due { get; set; }

    /// <summary>Delayed by a retry or a snooze.</summary>
    public bool Parked { get; set; }

    public int Attempts { get; set; }
    public int Crashes { get; set; }
    public int Snoozes { get; set; }
    public long Token { get; set; }
    public int Owner { get; set; }
    public DateTimeOffset LeaseUntil { get; set; }
    public bool Running { get; set; }
    /// <summary>Its source was closed after the claim had lapsed: a crash by the clock, none by what the source says. Either may count.</summary>
    public bool ClosedLate { get; set; }

    public bool CancelRequested { get; set; }

    /// <summary>A dead letter that nobody took up or discarded.</summary>
    public bool Open { get; set; }

    public bool HoldsKey { get; set; }

    public bool IsFinal => State is JobState.Succeeded or JobState.Dead or JobState.Cancelled;

    public bool IsLive(DateTimeOffset now) => State == JobState.Leased && LeaseUntil > now;

    /// <summary>The claim's time is over. The store may notice now or when somebody next looks, so both are right until then.</summary>
    public bool IsLapsed(DateTimeOffset now) => State == JobState.Leased && LeaseUntil <= now;

    public bool IsDue(DateTimeOffset now) => State == JobState.Delayed && Due <= now;

    /// <summary>Some source may claim it, its key allowing.</summary>
    public bool IsReady(DateTimeOffset now) => State == JobState.Waiting || IsDue(now) || (IsLapsed(now) && !CancelRequested);

    public override string ToString() => $"{Id} key={Key} {State} place={Place} due={Due:HH:mm} owner={Owner} until={LeaseUntil:HH:mm} token={Token} cancel={CancelRequested}";
}
