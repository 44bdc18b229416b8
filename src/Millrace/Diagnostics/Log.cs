using Microsoft.Extensions.Logging;

namespace Millrace.Diagnostics;

/// <summary>Every message of the engine. Ids by stage: 100 hosting, 200 dispatch, 300 handling, 400 settlement.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "Worker {Worker} started on queue {Queue}: concurrency {Concurrency}, order {Order}")]
    public static partial void WorkerStarted(ILogger logger, string worker, string queue, int concurrency, string order);

    [LoggerMessage(101, LogLevel.Information, "Worker {Worker} is draining: {Running} handlers run, at most {Deadline} more")]
    public static partial void WorkerDraining(ILogger logger, string worker, int running, TimeSpan deadline);

    [LoggerMessage(102, LogLevel.Information, "Worker {Worker} stopped")]
    public static partial void WorkerStopped(ILogger logger, string worker);

    [LoggerMessage(103, LogLevel.Error, "Worker {Worker} failed (try {Try} of {Tries}); restarting it in {Delay}")]
    public static partial void WorkerFailed(ILogger logger, string worker, int @try, int tries, TimeSpan delay, Exception error);

    [LoggerMessage(104, LogLevel.Critical, "Worker {Worker} failed {Tries} times and stays down; restart it by hand when the cause is gone")]
    public static partial void WorkerGivenUp(ILogger logger, string worker, int tries, Exception error);

    [LoggerMessage(105, LogLevel.Warning, "Worker {Worker}: {Running} handlers ignored the drain deadline; their deliveries come back when the lease ends")]
    public static partial void HandlersAbandoned(ILogger logger, string worker, int running);

    [LoggerMessage(106, LogLevel.Information, "Worker {Worker} paused by {By}: {Reason}")]
    public static partial void WorkerPaused(ILogger logger, string worker, string by, string? reason);

    [LoggerMessage(107, LogLevel.Information, "Worker {Worker} resumed by {By}")]
    public static partial void WorkerResumed(ILogger logger, string worker, string by);

    [LoggerMessage(108, LogLevel.Information, "Worker {Worker}: concurrency {Concurrency} set by {By}")]
    public static partial void ConcurrencySet(ILogger logger, string worker, int concurrency, string by);

    [LoggerMessage(109, LogLevel.Warning, "The store does not keep the promise that nothing accepted is lost: {Finding}")]
    public static partial void NotDurable(ILogger logger, string finding);

    [LoggerMessage(110, LogLevel.Warning, "Looking after the store failed; trying again")]
    public static partial void HousekeepingFailed(ILogger logger, Exception error);

    [LoggerMessage(200, LogLevel.Warning, "Fetching from {Queue} failed; trying again in {Delay}")]
    public static partial void FetchFailed(ILogger logger, string queue, TimeSpan delay, Exception error);

    [LoggerMessage(201, LogLevel.Information, "Fetching from {Queue} works again")]
    public static partial void FetchRecovered(ILogger logger, string queue);

    [LoggerMessage(202, LogLevel.Warning, "Renewing the claims on {Queue} failed; {Left} left until they are given up")]
    public static partial void RenewFailed(ILogger logger, string queue, TimeSpan left, Exception error);

    [LoggerMessage(203, LogLevel.Error, "The claims on {Count} deliveries of {Queue} are lost; their handlers are stopped and nothing is written for them")]
    public static partial void ClaimsLost(ILogger logger, string queue, int count);

    [LoggerMessage(300, LogLevel.Warning, "Delivery {DeliveryId} ({Worker}) failed on attempt {Attempt}; retrying in {Delay}")]
    public static partial void RetryPlanned(ILogger logger, string deliveryId, string worker, int attempt, TimeSpan delay, Exception error);

    [LoggerMessage(301, LogLevel.Error, "Delivery {DeliveryId} ({Worker}) is dead after attempt {Attempt}: {Reason}")]
    public static partial void Died(ILogger logger, string deliveryId, string worker, int attempt, string reason, Exception? error);

    [LoggerMessage(302, LogLevel.Warning, "Delivery {DeliveryId} ({Worker}) is throttled; next try in {Delay}")]
    public static partial void Throttled(ILogger logger, string deliveryId, string worker, TimeSpan delay);

    [LoggerMessage(303, LogLevel.Warning, "A batch of {Count} ({Worker}) failed; halving it to find the cause")]
    public static partial void BatchHalved(ILogger logger, int count, string worker, Exception error);

    [LoggerMessage(400, LogLevel.Warning, "Writing {Count} outcomes to {Queue} failed; trying again in {Delay}")]
    public static partial void SettlementFailed(ILogger logger, string queue, int count, TimeSpan delay, Exception error);

    [LoggerMessage(401, LogLevel.Warning, "The claim on {DeliveryId} of {Queue} was lost; its outcome {Outcome} is not written")]
    public static partial void ClaimLost(ILogger logger, string queue, string deliveryId, string outcome);

    [LoggerMessage(402, LogLevel.Warning, "{Count} outcomes of {Queue} could not be written before the deadline; the deliveries come back when the lease ends")]
    public static partial void SettlementsLeft(ILogger logger, string queue, int count);
}
