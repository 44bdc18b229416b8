using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Servers;

/// <summary>One client of a <see cref="TcpProxy"/> and its connection to the server: two ways of pieces, each in order.</summary>
internal sealed class ProxyConnection(TcpProxy proxy, Socket client, TimeProvider clock) : IDisposable
{
    private const int PieceSize = 64 * 1024;
    private const int PiecesUnderWay = 64;

    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _cut = new();
    private volatile ProxyTrap? _sprung;
    private ProxyTrap.Progress _progress = new();

    /// <summary>Until both sides have closed, or it is reset.</summary>
    public async Task RunAsync(int target, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, stop);
        try
        {
            client.NoDelay = true;
            await _server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), ending.Token);
            await Task.WhenAll(
                PassAsync(client, _server, ProxyDirection.Request, ending.Token),
                PassAsync(_server, client, ProxyDirection.Reply, ending.Token));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side reset it, or we do.
            Abort(client);
            Abort(_server);
        }
        finally
        {
            Dispose();
            _sprung?.Spring();
        }
    }

    /// <summary>Both sides see a reset.</summary>
    public void Reset()
    {
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;   // over already
        }

        Abort(client);
        Abort(_server);
    }

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
        _cut.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, ProxyDirection direction, CancellationToken stop)
    {
        var pieces = Channel.CreateBounded<Piece>(new BoundedChannelOptions(PiecesUnderWay) { SingleReader = true, SingleWriter = true });
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var taking = TakeAsync(from, pieces.Writer, failed.Token);
        try
        {
            await GiveAsync(to, pieces.Reader, direction, failed.Token);
        }
        catch
        {
            await _cut.CancelAsync();   // the other way has no end of its own now
            throw;
        }
        finally
        {
            await failed.CancelAsync();
            await taking;
        }
    }

    private async Task TakeAsync(Socket from, ChannelWriter<Piece> pieces, CancellationToken stop)
    {
        try
        {
            var buffer = new byte[PieceSize];
            int read;
            while ((read = await from.ReceiveAsync(buffer, stop)) > 0)
                await pieces.WriteAsync(new(buffer[..read], clock.GetTimestamp(), proxy.Delay), stop);
            pieces.Complete();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            pieces.Complete(error);
        }
    }

    private async Task GiveAsync(Socket to, ChannelReader<Piece> pieces, ProxyDirection direction, CancellationToken stop)
    {
        await foreach (var piece in pieces.ReadAllAsync(stop))
        {
            if (_sprung is not null && direction == ProxyDirection.Reply) continue;
            var left = piece.Delay - clock.GetElapsedTime(piece.Taken);
            if (left > TimeSpan.Zero) await Task.Delay(left, clock, stop);
            await proxy.GateOf(direction).PassAsync(stop);
            if (direction == ProxyDirection.Request && proxy.Trap is { } trap && trap.Examine(piece.Bytes, ref _progress) is { } before)
            {
                await SpringAsync(trap, to, piece.Bytes.AsMemory(0, before), stop);
                return;
            }

            try
            {
                await SendAsync(to, piece.Bytes, stop);
            }
            catch (Exception error) when (_sprung is not null && error is SocketException or ObjectDisposedException)
            {
                // The client was just cut, the server has still to finish: go on reading what it says.
            }
        }

        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>
    /// The client is reset at once. The server is not: a reset would take the request from it unread. It gets the request and the end of the
    /// stream, and closes when it has done what it read.
    /// </summary>
    private async Task SpringAsync(ProxyTrap trap, Socket server, ReadOnlyMemory<byte> rest, CancellationToken stop)
    {
        _sprung = trap;
        proxy.Disarm(trap);
        Abort(client);
        await SendAsync(server, rest, stop);
        server.Shutdown(SocketShutdown.Send);
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty) bytes = bytes[await to.SendAsync(bytes, stop)..];
    }

    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }

    private readonly record struct Piece(byte[] Bytes, long Taken, TimeSpan Delay);
}
