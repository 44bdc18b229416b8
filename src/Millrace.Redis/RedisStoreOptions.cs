using System.ComponentModel.DataAnnotations;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>Where the streams are and how they are kept.</summary>
public sealed class RedisStoreOptions : IValidatableObject
{
    /// <summary>The servers: `redis://[user][:password]@host[:port][/db]`, `rediss://` for TLS, or the client's own form `host:port,option=value`.</summary>
    public string Url { get; set; } = "";

    /// <summary>How messages name the place the address came from, such as an environment variable.</summary>
    /// <value>RedisStoreOptions.Url.</value>
    public string UrlName { get; set; } = "RedisStoreOptions.Url";

    /// <summary>What a queue's stream key begins with, unless <see cref="StreamKeys"/> names another key.</summary>
    /// <value>`millrace:`.</value>
    public string Prefix { get; set; } = "millrace:";

    /// <summary>The stream keys of queues that have one of their own.</summary>
    public IDictionary<string, string> StreamKeys { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The consumer group; processes of one group share the work, each group gets every message.</summary>
    /// <value>`millrace`.</value>
    public string Group { get; set; } = "millrace";

    /// <summary>What our consumers' names begin with; each source adds a number.</summary>
    /// <value>Host name and process id.</value>
    public string Consumer { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The most unfinished entries a stream may hold before a publisher waits or is refused, 0 for any number; unread entries are never trimmed.</summary>
    /// <value>0.</value>
    public long MaxBacklog { get; set; }

    /// <summary>What a publisher meets at <see cref="MaxBacklog"/>.</summary>
    /// <value><see cref="FullStream.Wait"/>.</value>
    public FullStream WhenFull { get; set; }

    /// <summary>How finished entries leave the stream.</summary>
    /// <value><see cref="FreeEntries.Trim"/>.</value>
    public FreeEntries Free { get; set; }

    /// <summary>How many finished jobs stay visible and how long; each costs a record, so the default keeps none.</summary>
    public Retention Retention { get; set; } = new() { MaxCount = 0 };

    /// <summary>After how long a silence a consumer of the group that is none of ours counts as dead, 1 second to 1 day.</summary>
    /// <value>1 minute.</value>
    public TimeSpan ForeignConsumerTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a command may take, 100 milliseconds to 1 minute.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often finished jobs are pruned and finished entries freed, 100 milliseconds to 1 day.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan PruneInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The protocol to ask for; null leaves it to the client.</summary>
    public RedisProtocol? Protocol { get; set; }

    /// <summary>Whether a server whose settings do not support the promise is refused (DUR001) instead of reported.</summary>
    /// <value>False.</value>
    public bool Strict { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Faults().Select(fault => new ValidationResult(fault));

    /// <summary>Every fault, each in one line; empty when the options can be used.</summary>
    internal IReadOnlyList<string> Faults()
    {
        List<string> faults = [];
        if (RedisUrl.Parse(Url, UrlName, out _) is { } fault) faults.Add(fault);
        CheckName(faults, nameof(Group), Group);
        CheckName(faults, nameof(Consumer), Consumer);
        foreach (var (queue, key) in StreamKeys)
            if (key.Length == 0)
                faults.Add($"CFG008 RedisStoreOptions.StreamKeys[{JobRules.Clip(queue)}] is empty: name a key.");
        if (MaxBacklog < 0) faults.Add($"CFG002 RedisStoreOptions.MaxBacklog {MaxBacklog} is not allowed: it must be 0 or more.");
        Check(faults, nameof(ForeignConsumerTimeout), ForeignConsumerTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Check(faults, nameof(CommandTimeout), CommandTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Check(faults, nameof(PruneInterval), PruneInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
        if (Retention.MaxCount < 0) faults.Add($"CFG002 RedisStoreOptions.Retention.MaxCount {Retention.MaxCount} is not allowed: it must be 0 or more.");
        return faults;
    }

    // Names stand in lists that are split at blanks and commas.
    private static void CheckName(List<string> faults, string option, string name)
    {
        if (name.Length is 0 or > 200 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == ','))
            faults.Add($"CFG015 RedisStoreOptions.{option} \"{JobRules.Clip(name)}\" is not allowed: 1 to 200 characters without blanks and commas.");
    }

    private static void Check(List<string> faults, string option, TimeSpan got, TimeSpan min, TimeSpan max)
    {
        if (got < min || got > max) faults.Add($"CFG002 RedisStoreOptions.{option} {got} is not allowed: it must be {min} to {max}.");
    }
}

/// <summary>What a publisher meets when the stream is full.</summary>
public enum FullStream
{
    /// <summary>It waits for room.</summary>
    Wait,

    /// <summary>It gets a <see cref="StoreException"/> with the code SRC002, and nothing is stored.</summary>
    Refuse,
}

/// <summary>How finished entries leave the stream; what a group has not read never does.</summary>
public enum FreeEntries
{
    /// <summary>By XTRIM MINID behind the slowest group: cheap, but one slow delivery keeps all that was finished after it.</summary>
    Trim,

    /// <summary>Each by XDEL as it is finished, at about half the speed; by XTRIM MINID when several groups read the stream.</summary>
    Delete,
}
