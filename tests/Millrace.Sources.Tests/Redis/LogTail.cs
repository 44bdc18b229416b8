using Microsoft.Extensions.Logging;
using Millrace.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Keeps what a store says, and lets a test wait for it.</summary>
internal sealed class LogTail : ILogger<RedisStore>
{
    private readonly Lock _gate = new();
    private readonly List<(int Event, string Message)> _lines = [];
    private readonly List<(int Event, int Count, TaskCompletionSource Said)> _waiting = [];

    /// <summary>The messages under one event id.</summary>
    public string[] Of(int id)
    {
        lock (_gate) return [.. _lines.Where(line => line.Event == id).Select(line => line.Message)];
    }

    public string[] All
    {
        get
        {
            lock (_gate) return [.. _lines.Select(line => line.Message)];
        }
    }

    /// <summary>Ends when it was said so often.</summary>
    public Task SaidAsync(int id, int count = 1)
    {
        var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.Count(line => line.Event == id) >= count) return Task.CompletedTask;
            _waiting.Add((id, count, said));
        }

        return said.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            _lines.Add((eventId.Id, formatter(state, exception)));
            foreach (var waiting in _waiting)
                if (waiting.Event == eventId.Id && _lines.Count(line => line.Event == eventId.Id) >= waiting.Count)
                    waiting.Said.TrySetResult();
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
