using System.Net;
using System.Net.Sockets;

namespace Millrace.Worker.Configuration;

/// <summary>Tries whether the status pages can have their port, before anything is started.</summary>
internal static class Ports
{
    /// <summary>Null when the port is free on loopback; else why it cannot be had, in one line.</summary>
    public static string? FaultOf(int port)
    {
        if (port == 0) return null;
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return null;
        }
        catch (SocketException error)
        {
            return Fault(port, error.SocketErrorCode);
        }
    }

    public static string Fault(int port, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => $"CFG016 port {port} is taken by another process: name another with --port or PORT, or 0 for a free one.",
        SocketError.AccessDenied => $"CFG016 port {port} needs privileges that this process has not: name one from 1024 up with --port or PORT.",
        _ => $"CFG016 port {port} cannot be had ({error}): name another with --port or PORT.",
    };
}
