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
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);
    private string _owner = "";
    private bool _changed, _writing;
    private TaskCompletionSource? _written;

    public void Begin(string owner)
    {
        lock (_gate)
        {
            _owner = owner;
            _running.Clear();
        }
    }

    public void Mark(string entry)
    {
        lock (_gate) _changed |= _running.Add(entry);
        StartWriting();
    }

    /// <summary>Ends when the mark is written, or when it could not be: nothing will be known then of a crash, and the claim is no less safe.</summary>
    public Task MarkWrittenAsync(string entry)
    {
        Task written;
        lock (_gate)
        {
            _running.Add(entry);
            _changed = true;
            _written ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            written = _written.Task;
        }

        StartWriting();
        return written;
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

        _ = WriteAsync();
    }

    /// <summary>Goes on as long as something changed during the write before.</summary>
    private async Task WriteAsync()
    {
        while (Take() is var (key, text, written))
        {
            try
            {
                await link.Database.StringSetAsync(key, text, s_kept);
            }
            catch (Exception)
            {
                // The next change writes the whole list again.
            }

            written?.SetResult();
        }
    }

    private (RedisKey Key, string Text, TaskCompletionSource? Written)? Take()
    {
        lock (_gate)
        {
            var written = _written;
            _written = null;
            if (!_changed || _owner.Length == 0)
            {
                _writing = false;
                written?.SetResult();
                return null;
            }

            _changed = false;
            return (keys.Of("running", _owner), string.Join(',', _running), written);
        }
    }
}
