using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Redis.Connecting;
using Millrace.Redis.Messages;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Enqueuing;

/// <summary>Puts messages into a queue's stream, many with one script, and waits or refuses when the stream is full.</summary>
internal sealed class JobWriter(RedisLink link, RedisStoreOptions options, ILogger logger)
{
    private const int MostInOneCall = 500;
    private const byte Plain = 100;
    private const long MostBytesInOneCall = 16 * 1024 * 1024;

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Stores the jobs at <paramref name="places"/> in order and fills in their results.</summary>
    public async Task WriteAsync(QueueKeys keys, IReadOnlyList<NewJob> jobs, int[] places, EnqueueResult[] results, CancellationToken stopping)
    {
        // Refused is refused whole: room for all is asked for with the first part, and the others take it.
        var whole = options.WhenFull == FullStream.Refuse;
        var most = options.MaxBacklog > 0 && !whole ? (int)Math.Min(MostInOneCall, options.MaxBacklog) : MostInOneCall;
        for (var from = 0; from < places.Length;)
        {
            List<RedisValue> arguments = [whole && from > 0 ? 0 : options.MaxBacklog, 0, whole ? places.Length : 0];
            var count = 0;
            for (var bytes = 0L; from + count < places.Length && count < most && bytes < MostBytesInOneCall; count++)
            {
                var job = jobs[places[from + count]];
                Add(arguments, job);
                bytes += job.Body.Length;
            }

            arguments[1] = count;
            var ids = (RedisResult[])(await StoreAsync(keys, arguments, stopping))!;
            for (var i = 0; i < count; i++) results[places[from + i]] = ReadResult(keys.Queue, (string)ids[i]!);
            from += count;
        }
    }

    private async Task<RedisResult> StoreAsync(QueueKeys keys, List<RedisValue> arguments, CancellationToken stopping)
    {
        for (var told = false; ; told = true)
        {
            RedisResult answer;
            try
            {
                answer = await link.RunOnceAsync(Script.Enqueue, keys, arguments);
            }
            catch (RedisServerException error)
            {
                throw RedisFault.Explain(error, keys);
            }

            if (!answer.IsNull) return answer;
            if (options.WhenFull == FullStream.Refuse)
                throw new StoreException("SRC002", $"the stream of {keys.Queue} holds its maximum of {options.MaxBacklog} unfinished entries: try again when workers have drained some.");
            if (!told) Log.Full(logger, keys.Queue, options.MaxBacklog);
            await Task.Delay(s_lookEvery, TimeProvider.System, stopping);
        }
    }

    private static void Add(List<RedisValue> arguments, NewJob job)
    {
        if (job is { RunAt: null, Priority: Plain, DeduplicationId: null } && (job.Delay <= TimeSpan.Zero))
        {
            MessageFields.Write(job, arguments);
            return;
        }

        arguments.Add(0);
        // Never early: a part of a millisecond is a whole one.
        arguments.Add(job.RunAt is { } at ? (long)Math.Ceiling((at - DateTimeOffset.UnixEpoch).TotalMilliseconds)
            : job.Delay > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $"+{(long)Math.Ceiling(job.Delay.TotalMilliseconds)}") : "");
        arguments.Add((int)job.Priority);
        arguments.Add(job.DeduplicationId is { } id ? $"{job.Tenant}:{id}" : "");
        arguments.Add((long)Math.Ceiling(job.DeduplicationWindow.TotalMilliseconds));
        MessageFields.Write(job, arguments);
    }

    private static EnqueueResult ReadResult(string queue, string id) =>
        id[0] == '=' ? new(EntryId.ToJob(queue, id[1..]), Duplicate: true) : new(EntryId.ToJob(queue, id), Duplicate: false);
}
