using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Postgres;
using Millrace.Storage;

namespace Millrace;

/// <summary>Puts the store in PostgreSQL into a host.</summary>
public static class PostgresServices
{
    /// <summary>Keeps all queues in the database that a URL (`postgresql://…`) or a connection string of Npgsql's form names.</summary>
    public static MillraceBuilder UsePostgres(this MillraceBuilder builder, string connectionStringOrUrl, Action<PostgresStoreOptions>? configure = null) =>
        builder.UsePostgres(options =>
        {
            options.ConnectionString = connectionStringOrUrl;
            configure?.Invoke(options);
        });

    /// <summary>Keeps all queues in one PostgreSQL database; what the options do not allow is reported when the host starts.</summary>
    public static MillraceBuilder UsePostgres(this MillraceBuilder builder, Action<PostgresStoreOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.TryAddSingleton<JobStore>(provider =>
        {
            var options = new PostgresStoreOptions();
            configure(options);
            return new PostgresStore(options, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILogger<PostgresStore>>());
        });
        return builder;
    }
}
