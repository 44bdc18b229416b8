using Microsoft.Extensions.Logging;

namespace Millrace.Redis.Connecting;

/// <summary>What every part of a store needs from outside.</summary>
internal sealed record RedisTools(TimeProvider Time, Random Random, ILogger Logger)
{
    public StoreClock Clock { get; } = new();
}

/// <summary>The server's clock and what tests add to it.</summary>
internal sealed class StoreClock
{
    private long _offset;

    /// <summary>Milliseconds.</summary>
    public long Offset => Volatile.Read(ref _offset);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _offset, (long)by.TotalMilliseconds);
}
