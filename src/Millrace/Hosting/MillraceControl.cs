using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>What an operator can do to the workers of this process while it runs; each action leaves an audit entry.</summary>
public sealed class MillraceControl
{
    private readonly MillraceHost _host;
    private readonly TimeProvider _time;

    internal MillraceControl(MillraceHost host, TimeProvider time)
    {
        _host = host;
        _time = time;
    }

    /// <summary>The process and its workers now.</summary>
    public InstanceStatus Status => _host.Status;

    /// <summary>Why the process is not ready, each in one line; empty when it is. Not ready while draining, while the store cannot be used, and while a worker is down.</summary>
    public async ValueTask<IReadOnlyList<string>> CheckReadyAsync(CancellationToken stopping)
    {
        var reasons = new List<string>();
        var status = _host.Status;
        if (status.Draining) reasons.Add("draining");
        foreach (var worker in status.Workers)
            if (worker.State is WorkerState.Failed or WorkerState.Restarting)
                reasons.Add($"worker {worker.Name} is down: {worker.LastError}");
            else if (worker.LastError is { } error)
                reasons.Add($"worker {worker.Name}: {error}");
        if (_host.Store is { } store && await store.CheckAsync(stopping) is { } broken) reasons.Add(broken);
        return reasons;
    }

    /// <summary>Pauses <paramref name="worker"/>, or all for null, in every process on the store and across restarts; ends when nothing more is claimed here.</summary>
    /// <exception cref="ArgumentException">No such worker; lists those there are.</exception>
    public async ValueTask PauseAsync(string? worker, string actor, string? reason, CancellationToken stopping)
    {
        foreach (var paused in Find(worker))
        {
            var pause = new Pause(paused.Name, actor, reason, _time.GetUtcNow());
            if (_host.Store is { } store) await store.SetPauseAsync(paused.Name, pause, actor, stopping);
            await paused.PauseAsync(pause);
        }
    }

    /// <summary>Ends the pause of <paramref name="worker"/>, or of all for null.</summary>
    /// <exception cref="ArgumentException">No such worker.</exception>
    public async ValueTask ResumeAsync(string? worker, string actor, CancellationToken stopping)
    {
        foreach (var resumed in Find(worker))
        {
            if (_host.Store is { } store) await store.SetPauseAsync(resumed.Name, null, actor, stopping);
            resumed.Resume(actor);
        }
    }

    /// <summary>Drains and starts <paramref name="worker"/> again, or all for null; the way back for one that failed for good.</summary>
    /// <exception cref="ArgumentException">No such worker.</exception>
    public async ValueTask RestartAsync(string? worker, string actor, CancellationToken stopping)
    {
        foreach (var restarted in Find(worker))
        {
            await AuditAsync(actor, "restart", restarted.Name, null, stopping);
            await restarted.RestartAsync(stopping);
        }
    }

    /// <summary>Sets how many handler calls of <paramref name="worker"/>, or of each for null, run at once: 1 to 10,000, until the process ends.</summary>
    /// <exception cref="ArgumentException">No such worker, or a number out of range.</exception>
    public async ValueTask SetConcurrencyAsync(string? worker, int concurrency, string actor, CancellationToken stopping)
    {
        if (concurrency is < 1 or > 10_000) throw new ArgumentException($"CFG002 concurrency {concurrency} must be 1..10000.");
        foreach (var changed in Find(worker))
        {
            await AuditAsync(actor, "set-concurrency", changed.Name, concurrency.ToString(System.Globalization.CultureInfo.InvariantCulture), stopping);
            changed.SetConcurrency(concurrency, actor);
        }
    }

    private ValueTask AuditAsync(string actor, string action, string target, string? detail, CancellationToken stopping) =>
        _host.Store is { } store ? store.AuditAsync(actor, action, target, detail, stopping) : default;

    private IReadOnlyList<Worker> Find(string? name)
    {
        if (name is null) return _host.Workers;
        return _host.Workers.Where(worker => worker.Name == name).ToArray() is { Length: > 0 } found ? found
            : throw new ArgumentException($"CFG019 no worker is named \"{JobRules.Clip(name)}\": there are {string.Join(", ", _host.Workers.Select(worker => worker.Name))}.");
    }
}
