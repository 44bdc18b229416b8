using System.Diagnostics.CodeAnalysis;
using Millrace.Postgres.Connecting;
using Npgsql;

namespace Millrace.Postgres;

/// <summary>
/// Reads the address of a database, as a URL (`postgresql://user:password@host:5432/name?sslmode=require`) or in Npgsql's form
/// (`Host=…;Username=…`). What it says about a fault never repeats any part of the address: each part may hold a piece of the password.
/// </summary>
public static class PostgresUrl
{
    private const string HowToWriteUrls =
        "(a URL is postgresql://user:password@host:5432/database; in user and password write @ : / ? # and % as %40 %3A %2F %3F %23 %25)";

    private static readonly string[] s_schemes = ["postgresql://", "postgres://"];

    /// <summary>Makes Npgsql's form of <paramref name="text"/>, or says in one line what is wrong with it.</summary>
    /// <param name="text">The address.</param>
    /// <param name="settingName">Where it comes from, for the message: the name of a variable, for example.</param>
    /// <param name="connectionString">Npgsql's form.</param>
    /// <param name="fault">Code, where, what, and what is allowed.</param>
    public static bool TryRead(string? text, string settingName, [NotNullWhen(true)] out string? connectionString, [NotNullWhen(false)] out string? fault)
    {
        (connectionString, fault) = (null, null);
        if (string.IsNullOrWhiteSpace(text))
        {
            fault = $"CFG008 {settingName} is empty: give postgresql://user:password@host:5432/database, or unset it.";
            return false;
        }

        text = text.Trim();
        var scheme = Array.Find(s_schemes, candidate => text.StartsWith(candidate, StringComparison.OrdinalIgnoreCase));
        if (scheme is not null)
        {
            var (read, wrong) = UrlParts.Read(text[scheme.Length..]);
            connectionString = read?.ToString();
            fault = wrong is null ? null : $"CFG012 {settingName} {wrong} {HowToWriteUrls}";
        }
        else if (text.Contains("://", StringComparison.Ordinal) && !text.Contains('=', StringComparison.Ordinal))
        {
            fault = $"CFG012 {settingName} is a URL of another kind: it must begin with postgresql:// or postgres://.";
        }
        else
        {
            connectionString = ReadPairs(text);
            fault = connectionString is null
                ? $"CFG012 {settingName} is no connection string: it must be postgresql://user:password@host:5432/database, or "
                    + "Host=…;Port=…;Username=…;Password=…;Database=… with keywords Npgsql knows and values that hold ; = or quotes put in quotes."
                : null;
        }

        return connectionString is not null;
    }

    private static string? ReadPairs(string text)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(text);
            return string.IsNullOrWhiteSpace(builder.Host) ? null : builder.ToString();
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException)
        {
            // Its message may repeat a piece of the password: nothing of it goes on.
            return null;
        }
    }
}
