using System.ComponentModel.DataAnnotations;
using Millrace.Storage;

namespace Millrace.Sqlite;

/// <summary>Where an embedded store lives and how it trades latency for throughput.</summary>
public sealed class SqliteStoreOptions : IValidatableObject
{
    /// <summary>The database file; it and its directory are made when they are not there. On a local disk: network file systems break SQLite's locks.</summary>
    public string Path { get; set; } = "";

    /// <summary>Whether each commit waits for the disk; without, the last commits can vanish on power loss (never on a crash of the process).</summary>
    /// <value>True.</value>
    public bool Durable { get; set; } = true;

    /// <summary>Whether a store whose settings do not support the promise refuses to open (DUR001) instead of reporting it.</summary>
    /// <value>False.</value>
    public bool Strict { get; set; }

    /// <summary>Whether the file's structure is checked at open when the last process on it did not close it; takes seconds for gigabytes.</summary>
    /// <value>False.</value>
    public bool CheckAfterCrash { get; set; }

    /// <summary>How long finished jobs stay visible.</summary>
    public Retention Retention { get; set; } = new();

    /// <summary>How many operations at most share one commit, 1 to 100,000.</summary>
    /// <value>1,024.</value>
    public int MaxBatchCount { get; set; } = 1_024;

    /// <summary>How many bytes of bodies at most share one commit, 4 KiB to 1 GiB; one operation may exceed it alone.</summary>
    /// <value>8 MiB.</value>
    public int MaxBatchBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How long a commit waits for company, 0 to 1 second. Zero takes what is there, which groups well as soon as anybody has to wait for the disk.</summary>
    /// <value>Zero.</value>
    public TimeSpan MaxBatchAge { get; set; }

    /// <summary>How many operations may wait for the writer before callers wait to hand theirs over, 1 to 1,000,000.</summary>
    /// <value>4,096.</value>
    public int MaxQueued { get; set; } = 4_096;

    /// <summary>How long a write waits for another process to finish its own, 0 to 5 minutes.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often somebody who waits looks for commits of other processes, 10 milliseconds to 1 minute.</summary>
    /// <value>75 milliseconds.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(75);

    /// <summary>How often the store prunes finished jobs and forgotten deduplication ids, 100 milliseconds to 1 day.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan PruneInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Faults().Select(fault => new ValidationResult(fault));

    /// <summary>Every fault, each in one line; empty when the options can be used.</summary>
    internal IReadOnlyList<string> Faults()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Path))
            faults.Add("CFG008 SqliteStoreOptions.Path is empty: name the database file.");
        else if (Path.Contains(":memory:", StringComparison.Ordinal) || Path.StartsWith("file:", StringComparison.Ordinal) || Path.Contains('\0', StringComparison.Ordinal))
            faults.Add($"CFG008 SqliteStoreOptions.Path \"{JobRules.Clip(Path)}\" is not allowed: it must be the path of a file, not a URI or a memory database.");
        Check(faults, nameof(MaxBatchCount), MaxBatchCount, 1, 100_000);
        Check(faults, nameof(MaxBatchBytes), MaxBatchBytes, 4 * 1024, 1024 * 1024 * 1024);
        Check(faults, nameof(MaxQueued), MaxQueued, 1, 1_000_000);
        Check(faults, nameof(MaxBatchAge), MaxBatchAge, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Check(faults, nameof(BusyTimeout), BusyTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(5));
        Check(faults, nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Check(faults, nameof(PruneInterval), PruneInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
        Check(faults, "Retention.MaxCount", Retention.MaxCount, 0, int.MaxValue);
        Check(faults, "Retention.MaxAge", Retention.MaxAge, TimeSpan.Zero, TimeSpan.FromDays(3_660));
        return faults;
    }

    private static void Check<T>(List<string> faults, string name, T got, T min, T max)
        where T : IComparable<T>
    {
        if (got.CompareTo(min) < 0 || got.CompareTo(max) > 0)
            faults.Add($"CFG002 SqliteStoreOptions.{name} {got} is not allowed: it must be {min} to {max}.");
    }
}
