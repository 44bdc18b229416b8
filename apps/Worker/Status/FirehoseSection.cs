using Firehose.Monitoring;

namespace Millrace.Worker.Status;

/// <summary>The firehose, and how its connections to a database server are used.</summary>
/// <param name="State">What its monitor says; null while its store cannot be read.</param>
/// <param name="Pool">Connections in use, and the most there may be; embedded SQLite has no pool.</param>
/// <param name="Error">Why there is no state, or null.</param>
internal sealed record FirehoseSection(FirehoseStatus? State, string Pool, string? Error);
