using System.Globalization;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>Reads the addresses that name Redis servers; what it says of a bad one never holds a password.</summary>
public static class RedisUrl
{
    /// <summary>The client's options for <paramref name="text"/>; null when it can be used, else the fault in one line.</summary>
    /// <param name="text">`redis://…`, `rediss://…` or `host:port,option=value…`.</param>
    /// <param name="name">What the fault calls it, such as REDIS_URL.</param>
    /// <param name="options">The options, or null.</param>
    public static string? Parse(string text, string name, out ConfigurationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(text);
        options = null;
        if (string.IsNullOrWhiteSpace(text)) return $"CFG008 {name} is empty: give redis://host:port.";
        return text.Contains("://", StringComparison.Ordinal) ? FromUrl(text, name, out options) : FromList(text, name, out options);
    }

    private static string? FromUrl(string text, string name, out ConfigurationOptions? options)
    {
        options = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0)
            return $"CFG012 {name} is no address: it must look like redis://host:port, redis://user:password@host:port/db or rediss://… for TLS (characters such as @ : / % in a password are written %40 %3A %2F %25).";
        if (url.Scheme is not ("redis" or "rediss"))
            return $"CFG012 {name} begins with \"{JobRules.Clip(url.Scheme)}://\": it must be redis:// or, for TLS, rediss://.";
        var database = url.AbsolutePath.Trim('/');
        var number = 0;
        if (database.Length > 0 && (!int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number > 1_000_000))
            return $"CFG012 {name} has the path \"/{JobRules.Clip(database)}\": it must be the number of a database.";
        options = new ConfigurationOptions { EndPoints = { { url.Host, url.Port > 0 ? url.Port : 6379 } }, Ssl = url.Scheme == "rediss", DefaultDatabase = number };
        if (options.Ssl) options.SslHost = url.Host;
        var colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var user = Uri.UnescapeDataString(colon < 0 ? url.UserInfo : url.UserInfo[..colon]);
        var password = colon < 0 ? "" : Uri.UnescapeDataString(url.UserInfo[(colon + 1)..]);
        if (user.Length > 0) options.User = user;
        if (password.Length > 0) options.Password = password;
        return null;
    }

    private static string? FromList(string text, string name, out ConfigurationOptions? options)
    {
        options = null;
        try
        {
            options = ConfigurationOptions.Parse(text);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // The client's message repeats the text, with all that is in it.
            return $"CFG012 {name} cannot be read: it must look like redis://host:port or host:port,option=value.";
        }

        return options.EndPoints.Count > 0 ? null : $"CFG012 {name} names no server: it must look like redis://host:port.";
    }
}
