namespace Millrace.Redis.Fetching;

/// <summary>What a delivery's claim rests on: the owner that made it, and whether the job has a record of its own or is only an entry read for the first time.</summary>
internal sealed record Claim(string Owner, bool IsNew);
