using System.Globalization;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>How the store connects: what the address says, and what the store needs whatever it says.</summary>
internal static class ConnectionSettings
{
    /// <summary>The options must have been checked.</summary>
    public static (NpgsqlDataSource Source, string Place) Open(PostgresStoreOptions options)
    {
        PostgresUrl.TryRead(options.ConnectionString, options.SettingName, out var address, out _);
        var builder = new NpgsqlSlimDataSourceBuilder(address!);
        var settings = builder.ConnectionStringBuilder;
        settings.Pooling = true;
        settings.MaxPoolSize = options.MaxPoolSize;
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, options.MaxPoolSize);
        settings.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
        settings.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
        settings.ApplicationName ??= "millrace";
        if (!AsksForKerberos(settings)) settings.GssEncryptionMode = GssEncryptionMode.Disable;
        // Nothing the store does outlives its transaction, so there is nothing to reset.
        settings.NoResetOnClose = true;
        settings.TcpKeepAlive = true;
        settings.Multiplexing = false;
        settings.Enlist = false;
        settings.MaxAutoPrepare = options.MaxPreparedStatements;
        settings.AutoPrepareMinUsages = 2;
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        builder.EnableIntegratedSecurity();
        return (builder.Build(), Describe(options.SettingName, settings));
    }

    /// <summary>Npgsql by itself tries Kerberos encryption on every session first, and goes on without when it fails: that is for networks that have it.</summary>
    private static bool AsksForKerberos(NpgsqlConnectionStringBuilder settings) =>
        settings.ShouldSerialize("GSS Encryption Mode") || Environment.GetEnvironmentVariable("PGGSSENCMODE") is not null;

    private static string Describe(string settingName, NpgsqlConnectionStringBuilder settings)
    {
        var several = settings.Host!.Contains(',', StringComparison.Ordinal);
        var port = several ? "" : string.Create(CultureInfo.InvariantCulture, $":{settings.Port}");
        return $"the database of {settingName} ({settings.Host}{port}/{settings.Database ?? settings.Username})";
    }
}
