using System.Diagnostics;
using System.Net.Sockets;

namespace Servers;

/// <summary>A server that is a direct child of ours: started, stopped and killed by its own handle, its output kept for error messages.</summary>
public abstract class ServerProcess : IAsyncDisposable
{
    private const int StartAttempts = 3;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Queue<string> _output = new();
    private Process? _process;

    /// <summary>The directory of its data, gone at the end.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("millrace-server-").FullName;

    /// <summary>The port it listens on, the same over restarts.</summary>
    public int Port { get; private set; } = FreePort.Find();

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The latest lines it wrote.</summary>
    public string Output
    {
        get { lock (_gate) return string.Join('\n', _output); }
    }

    /// <summary>Starts it on its data and returns when it answers.</summary>
    public async Task StartAsync(CancellationToken stop = default)
    {
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
        if (!process.HasExited) Signal(process, StopSignal);
        using var late = new CancellationTokenSource(StopTime);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
        _process = null;
    }

    /// <summary>Kills it with SIGKILL and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: it keeps its connections and answers nothing.</summary>
    public void Freeze() => Signal(_process!, "STOP");

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signal(_process!, "CONT");

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The signal that stops it in order.</summary>
    protected virtual string StopSignal => "TERM";

    /// <summary>Whether its address is known to somebody already, so that the port must not change.</summary>
    protected bool Kept { get; private set; }

    /// <summary>How it is started on <see cref="Folder"/> and <see cref="Port"/>.</summary>
    protected abstract ProcessStartInfo Describe();

    /// <summary>Whether it answers.</summary>
    protected abstract Task<bool> AnswersAsync(CancellationToken stop);

    /// <summary>Before the first start.</summary>
    protected virtual Task PrepareAsync(CancellationToken stop) => Task.CompletedTask;

    private async Task StartOnceAsync(CancellationToken stop)
    {
        if (!Kept) await PrepareAsync(stop);
        var start = Describe();
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(StartTime);
        while (!await TryAnswersAsync(late.Token))
        {
            if (process.HasExited) throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}:\n{Output}");
            // Nothing signals that a server listens; so we knock.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, late.Token);
        }

        Kept = true;
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

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _output.Enqueue(line);
            if (_output.Count > 200) _output.Dequeue();
        }
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", $"{process.Id}"]))!;
        kill.WaitForExit();
    }
}
