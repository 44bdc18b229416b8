using System.Diagnostics;

namespace Servers;

/// <summary>The latest lines a process wrote.</summary>
internal sealed class OutputTail
{
    private const int MaxLines = 200;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

    /// <summary>Of nothing.</summary>
    public OutputTail()
    {
    }

    public OutputTail(Process process)
    {
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public override string ToString()
    {
        lock (_gate) return string.Join('\n', _lines);
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > MaxLines) _lines.Dequeue();
        }
    }
}
