using Millrace.Sources.Tests;
using Millrace.Sources.Tests.Redis;

[assembly: AssemblyFixture(typeof(EndServers))]

namespace Millrace.Sources.Tests;

/// <summary>Ends the servers that tests shared.</summary>
public sealed class EndServers : IAsyncDisposable
{
    public ValueTask DisposeAsync() => SharedServers.EndAsync();
}
