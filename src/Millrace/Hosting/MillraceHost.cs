using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Diagnostics;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Runs all workers of the process: validates everything and reports all faults at once, starts, follows operators' pauses, drains.</summary>
internal sealed class MillraceHost(MillraceBuilder builder, IOptions<MillraceOptions> options, IServiceProvider services, TimeProvider time, Random random, ILoggerFactory loggers)
    : IHostedLifecycleService, IAsyncDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger("Millrace");
    private readonly CancellationTokenSource _stopped = new();
    private JobStore? _store;
    private Durability _durability = new(false, ["not opened yet"]);
    private Task _control = Task.CompletedTask;
    private DateTimeOffset _startedAt;
    private bool _draining;

    public IReadOnlyList<Worker> Workers { get; private set; } = [];

    public JobStore? Store => _store;

    public InstanceStatus Status => new(options.Value.Instance, _startedAt, _draining, _durability, [.. Workers.Select(worker => worker.Status)]);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _startedAt = time.GetUtcNow();
        _store = services.GetService<JobStore>();
        var faults = Faults();
        var pauses = await OpenAsync(faults, cancellationToken);
        if (faults.Count > 0) throw new MillraceConfigurationException(faults);

        var tools = new WorkerTools(time, random, _logger);
        Workers = [.. builder.Workers.Select(worker => new Worker(worker, options.Value, _store, services, tools))];
        foreach (var worker in Workers) worker.Start(pauses.FirstOrDefault(pause => pause.Worker == worker.Name));
        if (_store is not null) _control = FollowPausesAsync(_store);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Drains here, before the host stops any other service: status pages must be able to say that we drain.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) => StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_draining) return;
        _draining = true;
        await _stopped.CancelAsync();
        await _control;
        await Task.WhenAll(Workers.Select(worker => worker.StopAsync(cancellationToken)));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _stopped.Dispose();
        foreach (var worker in Workers) worker.Dispose();
    }

    private List<string> Faults()
    {
        var faults = new List<string>();
        try
        {
            faults.AddRange(options.Value.Faults());
        }
        catch (OptionsValidationException invalid)
        {
            faults.AddRange(invalid.Failures);
        }

        foreach (var worker in builder.Workers) faults.AddRange(worker.Options.Faults(worker.Name));
        foreach (var twice in builder.Workers.GroupBy(worker => worker.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
            faults.Add($"CFG014 {twice.Count()} workers are named \"{JobRules.Clip(twice.Key)}\": names must be unique.");
        if (_store is null && builder.Workers.Any(worker => worker.OpenSource is null))
            faults.Add("CFG030 no store is configured: call UseSqlite, or another Use…, on what AddMillrace returns.");
        return faults;
    }

    private async ValueTask<IReadOnlyList<Pause>> OpenAsync(List<string> faults, CancellationToken stopping)
    {
        if (_store is null) return [];
        try
        {
            _durability = await _store.OpenAsync(stopping);
            foreach (var finding in _durability.Findings)
                if (options.Value.Strict) faults.Add($"DUR001 {finding}");
                else Log.NotDurable(_logger, finding);
            return await _store.ListPausesAsync(stopping);
        }
        catch (StoreException refused)
        {
            faults.Add(refused.Message);
            return [];
        }
    }

    /// <summary>Another process on the same store may pause or resume a worker that we run too.</summary>
    private async Task FollowPausesAsync(JobStore store)
    {
        using var timer = new PeriodicTimer(options.Value.ControlInterval, time);
        while (await NextAsync(timer))
        {
            try
            {
                var pauses = await store.ListPausesAsync(_stopped.Token);
                foreach (var worker in Workers)
                {
                    var pause = pauses.FirstOrDefault(candidate => candidate.Worker == worker.Name);
                    if (pause is not null) await worker.PauseAsync(pause);
                    else if (worker.Pause is not null) worker.Resume("another process");
                }
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.HousekeepingFailed(_logger, error);
            }
        }
    }

    private async ValueTask<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_stopped.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
