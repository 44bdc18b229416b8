namespace Millrace.Storage;

/// <summary>One action of an operator, or an alarm about lost data.</summary>
/// <param name="At">When, by the store's clock.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What: `pause`, `resume`, `requeue`, `discard`, `export`, `cancel`, `set-concurrency`, `restart`.</param>
/// <param name="Target">On what: a worker, or an id.</param>
/// <param name="Detail">More, as text, or null.</param>
public sealed record AuditEntry(DateTimeOffset At, string Actor, string Action, string Target, string? Detail);

/// <summary>An operator's pause of a worker.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="By">Who paused it.</param>
/// <param name="Reason">Why, or null.</param>
/// <param name="At">Since when.</param>
public sealed record Pause(string Worker, string By, string? Reason, DateTimeOffset At);
