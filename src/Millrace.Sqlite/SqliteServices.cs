using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Sqlite;
using Millrace.Storage;

namespace Millrace;

/// <summary>Puts the embedded store into a host.</summary>
public static class SqliteServices
{
    /// <summary>Keeps all queues in the SQLite file at <paramref name="path"/>, made when it is not there.</summary>
    public static MillraceBuilder UseSqlite(this MillraceBuilder builder, string path, Action<SqliteStoreOptions>? configure = null) =>
        builder.UseSqlite(options =>
        {
            options.Path = path;
            configure?.Invoke(options);
        });

    /// <summary>Keeps all queues in one SQLite file; what the options do not allow is reported when the host starts.</summary>
    public static MillraceBuilder UseSqlite(this MillraceBuilder builder, Action<SqliteStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.TryAddSingleton<JobStore>(provider =>
        {
            var options = new SqliteStoreOptions();
            configure(options);
            return new SqliteStore(options, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILogger<SqliteStore>>());
        });
        return builder;
    }
}
