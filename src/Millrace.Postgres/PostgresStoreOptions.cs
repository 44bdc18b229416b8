using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Millrace.Storage;

namespace Millrace.Postgres;

/// <summary>Where a store in PostgreSQL lives and how it uses its server.</summary>
public sealed partial class PostgresStoreOptions : IValidatableObject
{
    /// <summary>The database: a URL (`postgresql://user:password@host:5432/name?sslmode=require`) or Npgsql's form (`Host=…;Username=…`).</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Where <see cref="ConnectionString"/> comes from, for error messages, which never show it itself: the name of a variable or a setting.</summary>
    /// <value>`PostgresStoreOptions.ConnectionString`.</value>
    public string SettingName { get; set; } = $"{nameof(PostgresStoreOptions)}.{nameof(ConnectionString)}";

    /// <summary>The schema the tables are in, `[a-z_][a-z0-9_]{0,62}`; made when it is not there.</summary>
    /// <value>`millrace`.</value>
    public string Schema { get; set; } = "millrace";

    /// <summary>Whether a server whose settings do not support the promise is refused (DUR001) instead of reported.</summary>
    /// <value>False.</value>
    public bool Strict { get; set; }

    /// <summary>How long finished jobs stay visible.</summary>
    public Retention Retention { get; set; } = new();

    /// <summary>How many connections at most this store has open, 2 to 1,000; it wins over what the connection string says.</summary>
    /// <value>20.</value>
    public int MaxPoolSize { get; set; } = 20;

    /// <summary>How many statements a connection keeps prepared, 0 to 1,000; 0 for a pooler that cannot (PgBouncer before 1.21 in transaction mode).</summary>
    /// <value>64.</value>
    public int MaxPreparedStatements { get; set; } = 64;

    /// <summary>How long connecting may take, 1 second to 5 minutes.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a statement may take before the connection is given up, 1 second to 1 hour.</summary>
    /// <value>30 seconds.</value>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often somebody who waits looks for jobs of other processes, 10 milliseconds to 1 minute.</summary>
    /// <value>200 milliseconds.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the store prunes finished jobs and forgotten deduplication ids, 100 milliseconds to 1 day.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan PruneInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Faults().Select(fault => new ValidationResult(fault));

    /// <summary>Every fault, each in one line; empty when the options can be used.</summary>
    internal IReadOnlyList<string> Faults()
    {
        List<string> faults = [];
        if (!PostgresUrl.TryRead(ConnectionString, SettingName, out _, out var fault)) faults.Add(fault);
        if (!SchemaPattern().IsMatch(Schema ?? "") || Schema!.StartsWith("pg_", StringComparison.Ordinal))
            faults.Add($"CFG002 PostgresStoreOptions.Schema \"{JobRules.Clip(Schema)}\" is not allowed: it must match [a-z_][a-z0-9_]{{0,62}} and not begin with pg_.");
        Check(faults, nameof(MaxPoolSize), MaxPoolSize, 2, 1_000);
        Check(faults, nameof(MaxPreparedStatements), MaxPreparedStatements, 0, 1_000);
        Check(faults, nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Check(faults, nameof(CommandTimeout), CommandTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
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
            faults.Add($"CFG002 PostgresStoreOptions.{name} {got} is not allowed: it must be {min} to {max}.");
    }

    [GeneratedRegex(@"\A[a-z_][a-z0-9_]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SchemaPattern();
}
