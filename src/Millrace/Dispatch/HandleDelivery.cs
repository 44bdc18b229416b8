using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Dispatch;

/// <summary>Runs one attempt to its outcome; never throws.</summary>
internal delegate ValueTask<Outcome> HandleDelivery(Delivery delivery, Attempt attempt);

/// <summary>Runs one attempt at many deliveries and fills in an outcome for each; never throws.</summary>
internal delegate ValueTask HandleDeliveries(IReadOnlyList<Delivery> deliveries, Outcome[] outcomes, Attempt attempt);
