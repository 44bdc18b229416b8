using Millrace.Sources.Tests.Postgres;
using Servers;

[assembly: AssemblyFixture(typeof(PostgresServers))]

namespace Millrace.Sources.Tests.Postgres;

/// <summary>The PostgreSQL servers that tests share, each started when the first test asks for it. Whoever restarts or stops one starts its own.</summary>
public sealed class PostgresServers : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1);
    private readonly Dictionary<string, PostgresServer> _started = [];

    public static async Task<PostgresServer> GetAsync(string? binaries = null) =>
        await (await TestContext.Current.GetFixture<PostgresServers>())!.StartAsync(binaries);

    /// <summary>Skips the test when there is none.</summary>
    public static string Binaries18()
    {
        var folder = Postgres18.Find();
        Assert.SkipWhen(folder is null, Postgres18.Missing);
        return folder!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _started.Values) await server.DisposeAsync();
        _starting.Dispose();
    }

    private async Task<PostgresServer> StartAsync(string? binaries)
    {
        await _starting.WaitAsync();
        try
        {
            if (_started.TryGetValue(binaries ?? "", out var running)) return running;
            var server = new PostgresServer(binaries);
            try
            {
                await server.StartAsync();
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }

            _started.Add(binaries ?? "", server);
            return server;
        }
        finally
        {
            _starting.Release();
        }
    }
}
