using Firehose.Storage;
using Firehose.Writing;
using Millrace.Storage;

namespace Firehose.Monitoring;

/// <summary>Answers what the firehose does and whether it is fit for work.</summary>
public sealed class FirehoseMonitor
{
    private readonly FirehoseOptions _options;
    private readonly FirehoseRoles _roles;
    private readonly FirehoseActivity _activity;
    private readonly FirehoseStore _store;
    private readonly JobStore _queue;

    internal FirehoseMonitor(FirehoseOptions options, FirehoseRoles roles, FirehoseActivity activity, FirehoseStore store, JobStore queue)
    {
        _options = options;
        _roles = roles;
        _activity = activity;
        _store = store;
        _queue = queue;
    }

    /// <summary>The state now.</summary>
    /// <exception cref="StoreException">A store cannot be read.</exception>
    public async ValueTask<FirehoseStatus> GetStatusAsync(CancellationToken stopping)
    {
        // In this order: a reader seen at the end of the stream is seen going on, one seen waiting with the backlog that holds it, and what does not
        // wait any more in the totals.
        var (cursor, paused) = (_activity.Cursor, _activity.Paused);
        var queue = await _queue.CountAsync(QueuedFrame.Queue, stopping);
        var totals = await _store.ReadTotalsAsync(stopping);
        return new FirehoseStatus
        {
            RelayHost = _options.RelayUrl.Authority,
            Connected = _activity.Connected,
            Cursor = cursor,
            LagSeconds = _activity.LagSeconds,
            EventsPerSecond = _activity.EventsPerSecond,
            FirstEventAt = _activity.FirstEventAt,
            Frames = _activity.Frames,
            Events = _activity.Events,
            Posts = totals.Posts,
            Likes = totals.Likes,
            Reposts = totals.Reposts,
            Follows = totals.Follows,
            Blocks = totals.Blocks,
            Dead = queue.Dead,
            Rejected = totals.Rejected,
            Gaps = _activity.Gaps,
            Desynchronized = totals.Desynchronized,
            Pipelines = _options.Pipelines,
            Backlog = queue.Waiting + queue.Delayed + queue.Leased,
            Paused = paused,
            Connections = _activity.Connections,
            LastError = _activity.LastError,
        };
    }

    /// <summary>How the connections to the database server are used, `3 of 20`; null without one.</summary>
    public string? Pool => _store.Pool is { } pool ? $"{pool.InUse} of {pool.Size}" : null;

    /// <summary>How many users are known; counts the table, which takes long for millions.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public ValueTask<long> CountUsersAsync(CancellationToken stopping) => _store.CountUsersAsync(stopping);

    /// <summary>Why the firehose is not ready, each in one line; empty when it is.</summary>
    public async ValueTask<IReadOnlyList<string>> CheckReadyAsync(CancellationToken stopping)
    {
        var reasons = new List<string>();
        if (_roles.HasFlag(FirehoseRoles.Reader))
        {
            if (_activity.Alarm is { } alarm) reasons.Add($"firehose reader waits for somebody: {alarm}");
            else if (!_activity.Connected) reasons.Add($"firehose reader is not connected to {_options.RelayUrl.Authority}: {_activity.LastError ?? "connecting"}");
        }
        if (_activity.StoreError is { } error) reasons.Add($"firehose store: {error}");
        else if (await _store.CheckAsync(stopping) is { } broken) reasons.Add($"firehose store: {broken}");
        return reasons;
    }
}
