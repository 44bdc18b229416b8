using System.Text;

namespace Servers;

/// <summary>Waits in one <see cref="TcpProxy"/> for a point in a connection's requests, and springs once.</summary>
internal sealed class ProxyTrap
{
    private readonly TaskCompletionSource _sprung = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _marker;
    private readonly long _bytes;
    private readonly bool _deliver;
    private int _taken;

    private ProxyTrap(byte[] marker, long bytes, bool deliver) => (_marker, _bytes, _deliver) = (marker, bytes, deliver);

    /// <summary>Ends when the connection was cut and the server has closed its side.</summary>
    public Task Sprung => _sprung.Task;

    public static ProxyTrap After(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        return new([], bytes, deliver: true);
    }

    public static ProxyTrap After(string marker) => OfMarker(marker, deliver: true);

    public static ProxyTrap Before(string marker) => OfMarker(marker, deliver: false);

    public void Spring() => _sprung.TrySetResult();

    /// <summary>How much of <paramref name="piece"/> may pass before the cut, or null to go on.</summary>
    public int? Examine(ReadOnlySpan<byte> piece, ref Progress progress)
    {
        if (progress.Of != this) progress = new() { Of = this };
        var end = _marker.Length == 0 ? BytesEnd(piece, ref progress) : MarkerEnd(piece, ref progress);
        // Of two connections at this point at the same time, one is cut.
        return end is null || Interlocked.Exchange(ref _taken, 1) == 1 ? null : end;
    }

    private static ProxyTrap OfMarker(string marker, bool deliver)
    {
        ArgumentException.ThrowIfNullOrEmpty(marker);
        return new(Encoding.UTF8.GetBytes(marker), 0, deliver);
    }

    private int? BytesEnd(ReadOnlySpan<byte> piece, ref Progress progress)
    {
        var missing = _bytes - progress.Bytes;
        progress.Bytes += piece.Length;
        return missing <= piece.Length ? (int)missing : null;
    }

    private int? MarkerEnd(ReadOnlySpan<byte> piece, ref Progress progress)
    {
        // The marker may begin in an earlier piece.
        byte[] seen = [.. progress.Tail, .. piece];
        if (seen.AsSpan().IndexOf(_marker) >= 0) return _deliver ? piece.Length : 0;
        progress.Tail = seen[Math.Max(0, seen.Length - _marker.Length + 1)..];
        return null;
    }

    /// <summary>What one connection has shown one trap so far.</summary>
    internal struct Progress()
    {
        public ProxyTrap? Of;
        public long Bytes;
        public byte[] Tail = [];
    }
}
