using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Servers;

/// <summary>A loopback port that nobody uses now, below those the kernel hands to outgoing connections.</summary>
/// <remarks>
/// From the kernel's own range a client that knocks while its server is down could be given the server's port as its own: it would
/// connect to itself, and the server could not come back.
/// </remarks>
public static class FreePort
{
    private const int First = 10_000;
    private const string RangeFile = "/proc/sys/net/ipv4/ip_local_port_range";

    private static readonly int s_count = Math.Max(EphemeralStart() - First, 1000);
    private static int s_next = RandomNumberGenerator.GetInt32(s_count);

    /// <summary>Never the same twice in a row, and seldom one that another process looks at now.</summary>
    public static int Find()
    {
        for (var tries = 0; tries < s_count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_next) % (uint)s_count);
            if (IsFree(port)) return port;
        }

        throw new InvalidOperationException($"No free loopback port between {First} and {First + s_count}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int EphemeralStart() => File.Exists(RangeFile)
        ? int.Parse(File.ReadAllText(RangeFile).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture)
        : 32_768;
}
