using System.Globalization;
using System.Net;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis;

/// <summary>Reads the addresses that name Redis servers; what it says of a bad one never holds a password.</summary>
public static class RedisUrl
{
    private const int DefaultPort = 6379;

    // The client's choice for its own form; a rediss:// address without a port means 6379 all the same.
    private const int DefaultTlsPort = 6380;

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
        // What stands behind the host is not repeated: it may be the rest of a password that was not written as it must be.
        if (url.Query.Length > 0 || url.Fragment.Length > 0 || (database.Length > 0 && (!int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number > 1_000_000)))
            return $"CFG012 {name} has something behind the host that is no number of a database: it must look like redis://host:port/0 (characters such as @ : / ? # in a password are written %40 %3A %2F %3F %23).";
        options = new ConfigurationOptions { EndPoints = { { url.DnsSafeHost, url.Port > 0 ? url.Port : DefaultPort } }, Ssl = url.Scheme == "rediss", DefaultDatabase = number };
        if (options.Ssl) options.SslHost = url.DnsSafeHost;
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
        ConfigurationOptions read;
        try
        {
            read = ConfigurationOptions.Parse(text);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // The client's message repeats the text, with all that is in it.
            return $"CFG012 {name} cannot be read: it must look like redis://host:port or host:port,option=value.";
        }

        if (read.EndPoints.Count == 0) return $"CFG012 {name} names no server: it must look like redis://host:port.";
        for (var i = 0; i < read.EndPoints.Count; i++) read.EndPoints[i] = WithPort(read.EndPoints[i], read.Ssl ? DefaultTlsPort : DefaultPort);
        options = read;
        return null;
    }

    /// <summary>As the client would add it when it connects, and early enough to be named.</summary>
    private static EndPoint WithPort(EndPoint server, int port) => server switch
    {
        DnsEndPoint { Port: 0 } dns => new DnsEndPoint(dns.Host, port),
        IPEndPoint { Port: 0 } ip => new IPEndPoint(ip.Address, port),
        _ => server,
    };
}
