using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Millrace.Postgres.Connecting;

/// <summary>Reads a database URL part by part, as libpq does, but takes the last @ for the end of user and password.</summary>
internal static class UrlParts
{
    private static readonly FrozenDictionary<string, string> s_keywords = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["host"] = "Host",
        ["port"] = "Port",
        ["user"] = "Username",
        ["password"] = "Password",
        ["dbname"] = "Database",
        ["sslmode"] = "SSL Mode",
        ["sslnegotiation"] = "SSL Negotiation",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["channel_binding"] = "Channel Binding",
        ["gssencmode"] = "GSS Encryption Mode",
        ["passfile"] = "Passfile",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["target_session_attrs"] = "Target Session Attributes",
    }.ToFrozenDictionary();

    /// <param name="rest">All that follows the scheme.</param>
    /// <returns>What the parts say, or which part is wrong.</returns>
    public static (NpgsqlConnectionStringBuilder? Read, string? Fault) Read(string rest)
    {
        var builder = new NpgsqlConnectionStringBuilder();
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var front = query < 0 ? rest : rest[..query];
        var slash = front.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? front : front[..slash];
        var at = authority.LastIndexOf('@');
        var fault = (at < 0 ? null : ReadUser(builder, authority[..at]))
            ?? ReadHosts(builder, authority[(at + 1)..])
            ?? (slash < 0 ? null : Set(builder, "Database", front[(slash + 1)..], "a database name"))
            ?? (query < 0 ? null : ReadParameters(builder, rest[(query + 1)..]));
        if (fault is null && string.IsNullOrEmpty(builder.Host)) fault = "names no host.";
        return fault is null ? (builder, null) : (null, fault);
    }

    private static string? ReadUser(NpgsqlConnectionStringBuilder builder, string user)
    {
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? Set(builder, "Username", user, "a user")
            : Set(builder, "Username", user[..colon], "a user") ?? Set(builder, "Password", user[(colon + 1)..], "a password");
    }

    /// <summary>One host with its port, or several for a cluster, of which Npgsql takes the one that fits.</summary>
    private static string? ReadHosts(NpgsqlConnectionStringBuilder builder, string hosts)
    {
        if (hosts.Length == 0) return null;
        List<(string Name, string Port)> read = [];
        foreach (var host in hosts.Split(','))
        {
            // The last colon, but none within the brackets of an IPv6 address.
            var colon = host.LastIndexOf(':');
            if (colon < host.LastIndexOf(']')) colon = -1;
            var port = colon < 0 ? "" : host[(colon + 1)..];
            if (Decode(colon < 0 ? host : host[..colon]) is not { Length: > 0 } name) return "has a host that is empty or cannot be read.";
            if (port.Length > 0 && !IsPort(port)) return "has a port that is no number from 1 to 65535.";
            read.Add((name, port));
        }

        if (read is [var (only, itsPort)])
        {
            builder.Host = only.Trim('[', ']');
            if (itsPort.Length > 0) builder.Port = int.Parse(itsPort, CultureInfo.InvariantCulture);
            return null;
        }

        builder.Host = string.Join(',', read.Select(host => host.Port.Length == 0 ? host.Name : $"{host.Name}:{host.Port}"));
        return null;
    }

    private static bool IsPort(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65_535;

    private static string? ReadParameters(NpgsqlConnectionStringBuilder builder, string query)
    {
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || Decode(pair[..equals]) is not { } name || !s_keywords.TryGetValue(name, out var keyword))
                return $"has a parameter that is not known: allowed are {string.Join(", ", s_keywords.Keys.Order(StringComparer.Ordinal))}.";
            var value = pair[(equals + 1)..];
            if (keyword is "SSL Mode") value = value.Replace("-", "", StringComparison.Ordinal);
            if (Set(builder, keyword, value, $"a value of {name}") is { } fault) return fault;
        }

        return null;
    }

    private static string? Set(NpgsqlConnectionStringBuilder builder, string keyword, string encoded, string what)
    {
        if (encoded.Length == 0) return null;
        if (Decode(encoded) is not { } value) return $"has {what} that cannot be read: a % must be followed by two hexadecimal digits, and the whole be UTF-8.";
        try
        {
            builder[keyword] = value;
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException)
        {
            return $"has {what} that is not allowed.";
        }
    }

    /// <summary>Null when there is a % without two digits, a U+0000, or no UTF-8.</summary>
    private static string? Decode(string encoded)
    {
        if (!encoded.Contains('%', StringComparison.Ordinal)) return encoded.Contains('\0', StringComparison.Ordinal) ? null : encoded;
        List<byte> bytes = [];
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != '%')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes([encoded[i]]));
                continue;
            }

            if (i + 2 >= encoded.Length || !byte.TryParse(encoded.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value == 0) return null;
            bytes.Add(value);
            i += 2;
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
