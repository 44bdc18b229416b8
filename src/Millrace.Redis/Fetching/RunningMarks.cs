using Millrace.Redis.Connecting;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>
/// Which deliveries have a handler running, written down for whoever takes over after a crash: the whole list at once, never more than one
/// write on its way, so that it costs a round trip for many deliveries instead of one for each.
/// </summary>
internal sealed class RunningMarks(RedisLink link, QueueKeys keys)
{
    private static readonly TimeSpan s_kept = TimeSpan.FromDays(2);

    private readonly Lock _gate = new();

    // Lists leave in the order in which they were made: an older one must not cover a newer one.
    private readonly Lock _sending = new();
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);
    private string _owner = "";
    private bool _changed, _writing;

    public void Begin(string owner)
    {
        lock (_gate)
        {
            _owner = owner;
            _running.Clear();
        }
    }

    public void Mark(string entry, bool atOnce)
    {
        lock (_gate) _changed |= _running.Add(entry);
        if (atOnce) WriteNow();
        else StartWriting();
    }

    public void Clear(string entry)
    {
        lock (_gate) _changed |= _running.Remove(entry);
        StartWriting();
    }

    private void StartWriting()
    {
        lock (_gate)
        {
            if (_writing || !_changed) return;
            _writing = true;
        }

        WriteNext(null);
    }

    /// <summary>Goes on as long as something changed during the write before.</summary>
    private void WriteNext(Task? before)
    {
        _ = before?.Exception;
        Send()?.ContinueWith(WriteNext, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task<bool>? Send()
    {
        lock (_sending)
            return Take() is var (key, text) ? link.Database.StringSetAsync(key, text, s_kept) : null;
    }

    private (RedisKey Key, string Text)? Take()
    {
        lock (_gate)
        {
            if (!_changed || _owner.Length == 0)
            {
                _writing = false;
                return null;
            }

            _changed = false;
            return All();
        }
    }

    private (RedisKey Key, string Text) All() => (keys.Of("running", _owner), string.Join(',', _running));

    /// <summary>For a delivery that may have killed a process before its mark was written: this time the mark is there before the handler is.</summary>
    private void WriteNow()
    {
        try
        {
            lock (_sending)
            {
                (RedisKey Key, string Text) now;
                lock (_gate) now = All();
                link.Database.StringSet(now.Key, now.Text, s_kept);
            }
        }
        catch (Exception error) when (RedisFault.IsServers(error))
        {
            // Nothing can be written now, so nothing will be known of a crash now; the claim itself is no less safe.
        }
    }
}
