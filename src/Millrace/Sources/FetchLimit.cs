namespace Millrace.Sources;

/// <summary>How much the dispatcher has room for.</summary>
/// <param name="Count">Deliveries, at least 1.</param>
/// <param name="Bytes">Bytes of bodies, at least 1; a source may exceed it by the one delivery that crosses it.</param>
public readonly record struct FetchLimit(int Count, long Bytes = long.MaxValue);
