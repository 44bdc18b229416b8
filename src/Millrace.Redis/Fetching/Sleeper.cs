using Millrace.Redis.Connecting;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>
/// Sleeps over a queue with one blocking read of its stream and its wake stream, on a connection of its own: a blocked command holds up
/// everything behind it. It reads outside the group, so it claims nothing, and an abandoned sleep can be taken up again.
/// </summary>
internal sealed class Sleeper(RedisLink link, QueueKeys keys, TimeSpan commandTimeout)
{
    // Never so long that the client takes it for a lost command.
    private readonly TimeSpan _longest = commandTimeout / 2 < TimeSpan.FromSeconds(1) ? commandTimeout / 2 : TimeSpan.FromSeconds(1);

    private Task? _asleep;

    /// <summary>Whether the connection is in a blocking command.</summary>
    public bool IsAsleep => _asleep is { IsCompleted: false };

    /// <summary>Ends when there is something behind <paramref name="delivered"/> or <paramref name="woken"/>, after <paramref name="limit"/> or a second, or when the connection fails.</summary>
    public async Task SleepAsync(string delivered, string woken, TimeSpan? limit, CancellationToken stopping)
    {
        var block = limit is { } due && due < _longest ? due : _longest;
        _asleep ??= ReadAsync(delivered, woken, Math.Max((long)Math.Ceiling(block.TotalMilliseconds), 1));
        await _asleep.WaitAsync(stopping);
        _asleep = null;
    }

    private async Task ReadAsync(string delivered, string woken, long milliseconds)
    {
        try
        {
            await link.Database.ExecuteAsync("XREAD", ["COUNT", 1, "BLOCK", milliseconds, "STREAMS", keys.Stream, keys.Wake, delivered, woken]);
        }
        catch (Exception error) when (RedisFault.Passes(error) || error is RedisServerException)
        {
            // Whoever slept looks, and finds out there what is wrong.
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }
}
