using Millrace.Storage;
using Npgsql;

namespace Firehose.Storage.Postgres;

/// <summary>Where a PostgreSQL database is and who asks: read from `postgresql://user:password@host:port/database?sslmode=require`, or from `host=… dbname=…` or `Host=…;Database=…`. The password never shows.</summary>
internal sealed class PostgresAddress
{
    private const string Form = "it must look like postgresql://user:password@host:5432/database";

    /// <summary>libpq's names for what Npgsql calls otherwise.</summary>
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["host"] = "Host",
        ["hostaddr"] = "Host",
        ["port"] = "Port",
        ["dbname"] = "Database",
        ["user"] = "Username",
        ["password"] = "Password",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["target_session_attrs"] = "Target Session Attributes",
        ["application_name"] = "Application Name",
        ["passfile"] = "Passfile",
        ["channel_binding"] = "Channel Binding",
        ["gssencmode"] = "GSS Encryption Mode",
    };

    private readonly NpgsqlConnectionStringBuilder _settings = [];

    private PostgresAddress()
    {
    }

    /// <summary>Settings for a pool of one's own, which leaves the state of a session alone.</summary>
    public NpgsqlConnectionStringBuilder ToSettings(int poolSize) => new(_settings.ConnectionString)
    {
        Pooling = true,
        MinPoolSize = 0,
        MaxPoolSize = poolSize,
        NoResetOnClose = true,
        Multiplexing = false,
        Enlist = false,
    };

    /// <summary>host:port/database, without secrets.</summary>
    public override string ToString() => $"{_settings.Host}:{_settings.Port}/{_settings.Database ?? _settings.Username}";

    /// <summary>Reads an address; null and a fault that names no secret when it is none.</summary>
    public static PostgresAddress? Parse(string text, out string? fault)
    {
        var address = new PostgresAddress();
        fault = text.Contains("://", StringComparison.Ordinal) ? address.TakeUrl(text)
            : text.Contains(';', StringComparison.Ordinal) ? address.TakeSettings(text)
            : address.TakeWords(text);
        if (fault is null && string.IsNullOrEmpty(address._settings.Host)) address._settings.Host = "localhost";
        return fault is null ? address : null;
    }

    private string? TakeUrl(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        if (text[..scheme] is not ("postgresql" or "postgres")) return $"has the scheme \"{JobRules.Clip(text[..scheme])}\": {Form}";
        var rest = text[(scheme + 3)..];
        var (before, query) = rest.IndexOf('?') is >= 0 and var mark ? (rest[..mark], rest[(mark + 1)..]) : (rest, "");
        // A password may hold an @ that nobody escaped, a host may not.
        var (user, place) = before.LastIndexOf('@') is >= 0 and var at ? (before[..at], before[(at + 1)..]) : ("", before);
        var (hosts, database) = place.IndexOf('/') is >= 0 and var slash ? (place[..slash], place[(slash + 1)..]) : (place, "");
        var colon = user.IndexOf(':');
        return Set("user", colon < 0 ? user : user[..colon])
            ?? Set("password", colon < 0 ? "" : user[(colon + 1)..])
            ?? TakeHosts(Uri.UnescapeDataString(hosts))
            ?? Set("dbname", database)
            ?? query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).Select(pair => Set(pair[0], pair.Length > 1 ? pair[1] : "")).FirstOrDefault(wrong => wrong is not null);
    }

    /// <summary>`host`, `host:port`, `[::1]:port`, or several with commas between.</summary>
    private string? TakeHosts(string hosts)
    {
        var single = !hosts.Contains(',', StringComparison.Ordinal);
        var colon = hosts.LastIndexOf(':');
        if (!single || colon < 0 || hosts.EndsWith(']')) return Set("host", single ? hosts.Trim('[', ']') : hosts);
        if (!ushort.TryParse(hosts[(colon + 1)..], out var port) || port == 0)
            return $"has the port \"{JobRules.Clip(hosts[(colon + 1)..])}\": it must be 1..65535";
        _settings.Port = port;
        return Set("host", hosts[..colon].Trim('[', ']'));
    }

    /// <summary>libpq's form: `host=localhost password='with blanks'`.</summary>
    private string? TakeWords(string text)
    {
        for (var at = 0; ;)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (at == text.Length) return null;
            var equals = text.IndexOf('=', at);
            if (equals < 0) return $"is no PostgreSQL address: {Form}";
            var name = text[at..equals].Trim();
            at = equals + 1;
            while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (Set(name, Word(text, ref at), escaped: false) is { } fault) return fault;
        }
    }

    private static string Word(string text, ref int at)
    {
        var word = new System.Text.StringBuilder();
        var quoted = at < text.Length && text[at] == '\'';
        if (quoted) at++;
        for (; at < text.Length && (quoted ? text[at] != '\'' : !char.IsWhiteSpace(text[at])); at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            word.Append(text[at]);
        }
        if (quoted) at++;
        return word.ToString();
    }

    /// <summary>Npgsql's form, with its names.</summary>
    private string? TakeSettings(string text)
    {
        try
        {
            _settings.ConnectionString = text;
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or KeyNotFoundException)
        {
            // The message may repeat the value.
            return $"is no connection string that can be read: {Form}";
        }
    }

    private string? Set(string name, string value, bool escaped = true)
    {
        if (value.Length == 0) return null;
        if (!Names.TryGetValue(name, out var known))
            return $"has the parameter \"{JobRules.Clip(name)}\": it must be one of {string.Join(", ", Names.Keys)}";
        var plain = escaped ? Uri.UnescapeDataString(value) : value;
        try
        {
            // libpq writes verify-full, Npgsql VerifyFull.
            _settings[known] = known == "SSL Mode" ? plain.Replace("-", "", StringComparison.Ordinal) : plain;
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return known is "Password" or "SSL Password" ? $"has a {name} that cannot be read" : $"has the {name} \"{JobRules.Clip(plain)}\", which is not allowed";
        }
    }
}
