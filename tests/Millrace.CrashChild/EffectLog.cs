using System.Diagnostics;
using System.Globalization;
using System.Text;
using Millrace.Handling;

namespace Millrace.CrashChild;

/// <summary>What the handlers did, one line a call, out of the reach of what is tested. A line is in the system's hands before the handler goes on, so it outlives the process.</summary>
internal sealed class EffectLog(string path, string run) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public void Write(HandlerContext context)
    {
        var delivery = context.Delivery;
        var line = string.Create(CultureInfo.InvariantCulture, $"{run} {delivery.Attempt} {delivery.Crashes} {delivery.Id} {delivery.Key ?? "-"} {Stopwatch.GetTimestamp()}\n");
        lock (_gate) _file.Write(Encoding.ASCII.GetBytes(line));
    }

    public void Dispose() => _file.Dispose();
}
