using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Settlements;

/// <summary>A delivery with its outcome, on its way back to the source.</summary>
/// <param name="Delivery">The delivery, whose <see cref="Delivery.Token"/> proves the claim.</param>
/// <param name="Outcome">What was decided.</param>
public readonly record struct Settlement(Delivery Delivery, Outcome Outcome);
