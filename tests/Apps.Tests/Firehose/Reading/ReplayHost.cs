using System.Diagnostics.Metrics;
using Apps.Tests.Firehose.Databases;
using Firehose;
using Firehose.Monitoring;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace;
using Millrace.Hosting;
using Millrace.Storage;
using Millrace.Storage.InMemory;

namespace Apps.Tests.Firehose.Reading;

/// <summary>Reader, queue, engine and writer in one host, against a recorded relay; restarted on the same data as often as a test wants.</summary>
public sealed class ReplayHost : IAsyncDisposable
{
    /// <summary>Only a test that fails waits so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FirehoseOptions _options;
    private readonly FirehoseDatabase? _database;
    private readonly MeterListener _meters = new();
    private readonly Lock _gate = new();
    private readonly List<string> _log = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IHost? _host;

    public ReplayHost(Uri relay, PostgresDatabase? database = null, Action<FirehoseOptions>? configure = null)
    {
        _database = database;
        _options = new FirehoseOptions
        {
            RelayUrl = relay,
            ReconnectDelay = TimeSpan.FromMilliseconds(1),
            MaxReconnectDelay = TimeSpan.FromMilliseconds(20),
        };
        _options.DatabaseUrl = database?.Url;
        configure?.Invoke(_options);
        // Whatever the engine or the firehose counts may be what a test waits for.
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Millrace", StringComparison.Ordinal) && !instrument.IsObservable) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((_, _, _, _) => Signal());
        _meters.SetMeasurementEventCallback<double>((_, _, _, _) => Signal());
        _meters.Start();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("firehose-test-").FullName;

    /// <summary>The tables.</summary>
    public FirehoseDatabase Database => _database ?? new SqliteDatabase(Path.Combine(Folder, FirehoseServices.DatabaseName));

    /// <summary>The queue; outlives restarts, as a durable one does.</summary>
    public JobStore Queue { get; } = new InMemoryStore();

    public FirehoseMonitor Monitor => _host!.Services.GetRequiredService<FirehoseMonitor>();

    public MillraceControl Control => _host!.Services.GetRequiredService<MillraceControl>();

    /// <summary>What was logged so far, one line each: level, event id, text.</summary>
    public IReadOnlyList<string> LogLines
    {
        get
        {
            lock (_gate) return [.. _log];
        }
    }

    public async Task StartAsync(FirehoseRoles roles = FirehoseRoles.All)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new ListLogger(this));
        builder.Services.AddSingleton(Queue);
        builder.Services.AddMillrace().AddFirehose(_options, Folder, roles);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        _host = host;
    }

    public async Task StopAsync()
    {
        if (_host is null) return;
        await _host.StopAsync(TestContext.Current.CancellationToken);
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        _host = null;
    }

    /// <summary>Waits until everything up to <paramref name="seq"/> was read and nothing waits in the queue.</summary>
    public Task DrainedAsync(long seq) => UntilAsync(status => status.Cursor >= seq && status.Backlog == 0);

    /// <summary>Looks at the status after each thing that was counted or logged until it is as wanted.</summary>
    public async Task<FirehoseStatus> UntilAsync(Func<FirehoseStatus, bool> wanted)
    {
        var stop = TestContext.Current.CancellationToken;
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            var status = await StatusAsync(stop);
            if (status is not null && wanted(status)) return status;
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"Not so after {Patience}: {status}{Environment.NewLine}{string.Join(Environment.NewLine, LogLines.Take(60))}");
            // What is written to the queue last makes no sound of its own, so look again after a while.
            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, stop));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _meters.Dispose();
        await Queue.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The status, or null while a server is away.</summary>
    private async Task<FirehoseStatus?> StatusAsync(CancellationToken stop)
    {
        try
        {
            return await Monitor.GetStatusAsync(stop);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    private void Signal()
    {
        lock (_gate)
        {
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class ListLogger(ReplayHost host) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (host._gate) host._log.Add($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception?.Message}");
            host.Signal();
        }

        public void Dispose()
        {
        }
    }
}
