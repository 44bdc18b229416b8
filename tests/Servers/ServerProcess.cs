using System.Diagnostics;
using System.Net.Sockets;

namespace Servers;

/// <summary>A server that is a direct child of ours: started, stopped and killed by its own handle, its output kept for error messages.</summary>
public abstract class ServerProcess : IAsyncDisposable
{
    private const int StartAttempts = 3;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);

    private OutputTail _output = new();
    private Process? _process;
    private bool _ownsFolder;

    /// <summary>The directory of its data: one of its own that is gone at the end, or a given one that stays.</summary>
    public string Folder
    {
        get
        {
            if (field is not null) return field;
            _ownsFolder = true;
            return field = Directory.CreateTempSubdirectory("millrace-server-").FullName;
        }
        init;
    }

    /// <summary>The port it listens on, the same over restarts.</summary>
    public int Port { get; private set; } = FreePort.Find();

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The process's id, to look at it from outside.</summary>
    public int ProcessId => Running.Id;

    /// <summary>How the last run ended, or null before an end.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>The latest lines it wrote since the last start.</summary>
    public string Output => _output.ToString();

    /// <summary>Starts it on its data and returns when it answers.</summary>
    public async Task StartAsync(CancellationToken stop = default)
    {
        if (IsRunning) throw new InvalidOperationException($"{GetType().Name} on port {Port} runs already.");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await StartOnceAsync(stop);
                return;
            }
            catch (InvalidOperationException) when (attempt < StartAttempts && !Kept)
            {
                // Somebody else took the port between the look and the start.
                Port = FreePort.Find();
            }
        }
    }

    /// <summary>Asks it to stop, as an operator would, and waits.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process) return;
        if (!process.HasExited)
        {
            ProcessSignals.Send(StopSignal, process.Id);
            Thaw();
        }

        using var late = new CancellationTokenSource(StopTime);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            // The kill below.
        }

        await KillAsync();
    }

    /// <summary>Kills it and its children with SIGKILL and waits until they are gone: a child that lives on would keep a new start from the data.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        var children = ProcessSignals.ChildrenOf(process.Id);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        await ProcessSignals.AwaitEndAsync(children);
        ExitCode = process.ExitCode;
        process.Dispose();
        _process = null;
    }

    /// <summary>Waits until it ends by itself.</summary>
    public async Task<int> ExitAsync(CancellationToken stop = default)
    {
        await Running.WaitForExitAsync(stop);
        await KillAsync();
        return ExitCode!.Value;
    }

    /// <summary>SIGSTOP to it and its children: it keeps its connections, the kernel takes new ones, and nothing is answered.</summary>
    public void Freeze() => ProcessSignals.SendToTree("STOP", Running.Id);

    /// <summary>SIGCONT to it and its children.</summary>
    public void Thaw() => ProcessSignals.SendToTree("CONT", Running.Id);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_ownsFolder) await TempFolder.DeleteAsync(Folder);
        GC.SuppressFinalize(this);
    }

    /// <summary>The signal that stops it in order.</summary>
    protected virtual string StopSignal => "TERM";

    /// <summary>Whether its address is known to somebody already, so that the port must not change.</summary>
    protected bool Kept { get; private set; }

    /// <summary>How it is started on <see cref="Folder"/> and <see cref="Port"/>.</summary>
    protected abstract ProcessStartInfo Describe();

    /// <summary>Whether it answers, and is ours: another server may have taken the port while ours was about to fail.</summary>
    protected abstract Task<bool> AnswersAsync(CancellationToken stop);

    /// <summary>Before the first start.</summary>
    protected virtual Task PrepareAsync(CancellationToken stop) => Task.CompletedTask;

    /// <summary>After the first start.</summary>
    protected virtual Task PopulateAsync(CancellationToken stop) => Task.CompletedTask;

    /// <summary>Starts a new one, or leaves nothing behind.</summary>
    protected static async Task<T> StartNewAsync<T>(T server, CancellationToken stop)
        where T : ServerProcess
    {
        try
        {
            await server.StartAsync(stop);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private Process Running => _process ?? throw new InvalidOperationException($"{GetType().Name} on port {Port} does not run.");

    private async Task StartOnceAsync(CancellationToken stop)
    {
        await KillAsync();
        if (!Kept) await PrepareAsync(stop);
        var start = Describe();
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = _process = Process.Start(start)!;
        _output = new(process);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(StartTime);
        try
        {
            await AwaitAnswerAsync(process, start.FileName, late.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{start.FileName} did not answer on port {Port} within {StartTime.TotalSeconds} s:\n{Output}");
        }

        if (!Kept) await PopulateAsync(stop);
        Kept = true;
    }

    private async Task AwaitAnswerAsync(Process process, string name, CancellationToken late)
    {
        while (!await TryAnswersAsync(late))
        {
            if (process.HasExited)
            {
                await process.WaitForExitAsync(late);   // until its last line was read
                throw new InvalidOperationException($"{name} ended with {process.ExitCode}:\n{Output}");
            }

            // Nothing signals that a server listens; so we knock.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, late);
        }
    }

    private async Task<bool> TryAnswersAsync(CancellationToken stop)
    {
        try
        {
            return await AnswersAsync(stop);
        }
        catch (Exception error) when (error is SocketException or IOException or TimeoutException)
        {
            return false;
        }
    }
}
