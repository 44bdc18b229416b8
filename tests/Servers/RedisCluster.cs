using System.Globalization;

namespace Servers;

/// <summary>Three masters of a Redis cluster on loopback, each with a third of the slots and no replica.</summary>
/// <param name="binary">The program: redis-server of 7.0 and later, or valkey-server.</param>
public sealed class RedisCluster(string binary = "redis-server") : IAsyncDisposable
{
    private const int Slots = 16_384;
    private static readonly TimeSpan FormTime = TimeSpan.FromSeconds(60);

    public IReadOnlyList<RedisServer> Nodes { get; } = [.. Enumerable.Range(0, 3).Select(_ => new RedisServer(binary) { Clustered = true })];

    /// <summary>host:port of every node, with commas.</summary>
    public string Addresses => string.Join(',', Nodes.Select(node => node.Address));

    /// <summary>A started one, every slot served.</summary>
    public static async Task<RedisCluster> StartNewAsync(string binary = "redis-server", CancellationToken stop = default)
    {
        var cluster = new RedisCluster(binary);
        try
        {
            await cluster.StartAsync(stop);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The node that owns the slot of <paramref name="key"/>.</summary>
    public async Task<RedisServer> OwnerOfAsync(string key)
    {
        var slot = (long)(await Nodes[0].ExecuteAsync("CLUSTER", "KEYSLOT", key))!;
        return Nodes.Select((node, index) => (node, Last: EndOf(index))).First(owner => slot < owner.Last).node;
    }

    /// <summary>Returns when every node sees every slot served, as after one of them was started again.</summary>
    public async Task AwaitReadyAsync(CancellationToken stop = default)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(FormTime);
        foreach (var node in Nodes)
        {
            await using var connection = await node.ConnectAsync(late.Token);
            // Gossip signals nothing to a client; so we ask.
            while (!IsReady((string)(await connection.ExecuteAsync(["CLUSTER", "INFO"], late.Token))!))
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, late.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) await node.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken stop)
    {
        await Task.WhenAll(Nodes.Select(node => node.StartAsync(stop)));
        for (var i = 0; i < Nodes.Count; i++)
        {
            // Distinct epochs from the start: nodes that meet with equal ones have to settle them first.
            await Nodes[i].ExecuteAsync("CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
            await Nodes[i].ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", Text(i == 0 ? 0 : EndOf(i - 1)), Text(EndOf(i) - 1));
        }

        foreach (var node in Nodes.Skip(1)) await Nodes[0].ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", Text(node.Port), Text(node.BusPort));
        await AwaitReadyAsync(stop);
    }

    private int EndOf(int node) => Slots * (node + 1) / Nodes.Count;

    private bool IsReady(string info) => info.Contains("cluster_state:ok", StringComparison.Ordinal)
        && info.Contains($"cluster_slots_ok:{Slots}", StringComparison.Ordinal)
        && info.Contains($"cluster_size:{Nodes.Count}", StringComparison.Ordinal);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
