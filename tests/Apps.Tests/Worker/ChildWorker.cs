using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Servers;

namespace Apps.Tests.Worker;

/// <summary>The real process: `millrace-worker` as a child with an environment of its own; killed when it is disposed of.</summary>
internal sealed partial class ChildWorker : IAsyncDisposable
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Variables =
    [
        "WORKER_TYPE", "CONCURRENCY", "GROUP_ID", "PORT", "RELAY_URL", "LOG_LEVEL", "REDIS_URL", "DATABASE_URL", "BATCH_SIZE",
        "PARALLEL_CONSUMERS", "DB_POOL_SIZE", "CONSUMER_ID", "REDIS_STREAM_KEY", "REDIS_CURSOR_KEY", "REDIS_CONSUMER_GROUP", "REDIS_MAX_STREAM_LEN", "NO_COLOR", "TERM", "MILLRACE_CRASH_AT", "ASPNETCORE_URLS",
    ];

    private readonly Process _process;
    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly Task _output, _errors;
    private readonly StringBuilder _outputText = new(), _errorText = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildWorker(Process process)
    {
        _process = process;
        _output = ReadAsync(process.StandardOutput, _outputText);
        _errors = ReadAsync(process.StandardError, _errorText);
    }

    public string Output { get { lock (_outputText) return _outputText.ToString(); } }

    public string Errors { get { lock (_errorText) return _errorText.ToString(); } }

    public static ChildWorker Start(string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("env") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // Tests that run in a shell's background are told to ignore SIGINT, and so would their children be.
        start.ArgumentList.Add("--default-signal=INT");
        start.ArgumentList.Add("dotnet");
        start.ArgumentList.Add(BuiltWorker.Path);
        foreach (var argument in arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)) start.ArgumentList.Add(argument);
        foreach (var name in Variables) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(string arguments, params (string Name, string Value)[] environment)
    {
        await using var child = Start(arguments, environment);
        return (await child.ExitAsync(), child.Output, child.Errors);
    }

    /// <summary>The exit code, once the process ended and all it wrote is read.</summary>
    public async Task<int> ExitAsync()
    {
        await Task.WhenAll(_process.WaitForExitAsync(), _output, _errors).WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Where the pages are, once it says so.</summary>
    public async Task<Uri> AddressAsync()
    {
        var ended = _process.WaitForExitAsync();
        if (await Task.WhenAny(_address.Task, ended).WaitAsync(Patience) == ended && !_address.Task.IsCompleted)
            Assert.Fail($"The worker ended with {await ExitAsync()}: {Errors}");
        return await _address.Task;
    }

    public async Task<HttpResponseMessage> GetAsync(string path, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(await AddressAsync(), path));
        return await _http.SendAsync(request);
    }

    public async Task<JsonElement> StatusAsync()
    {
        using var response = await GetAsync("/api/v1/status");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>Looks again and again until the status is as expected.</summary>
    public async Task<JsonElement> StatusAsync(Func<JsonElement, bool> expected)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var status = await StatusAsync();
            if (expected(status)) return status;
            Assert.False(patience.IsCancellationRequested, $"Not as expected after {Patience}: {status}\n{Errors}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Looks again and again until `/readyz` answers <paramref name="status"/> with <paramref name="text"/> in it.</summary>
    public async Task ReadyAsync(int status, string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var response = await GetAsync("/readyz");
            var answer = await response.Content.ReadAsStringAsync();
            if ((int)response.StatusCode == status && answer.Contains(text, StringComparison.Ordinal)) return;
            Assert.False(patience.IsCancellationRequested, $"Not {status} with {text} after {Patience} but {(int)response.StatusCode}: {answer}\n{Errors}");
            await timer.WaitForNextTickAsync();
        }
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await Task.WhenAll(_process.WaitForExitAsync(), _output, _errors);
        _process.Dispose();
        _http.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (text) text.Append(CultureInfo.InvariantCulture, $"{line}\n");
            if (StatusLine().Match(line) is { Success: true } match) _address.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    [GeneratedRegex(@"^Status: (http://127\.0\.0\.1:\d+)/")]
    private static partial Regex StatusLine();

    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
