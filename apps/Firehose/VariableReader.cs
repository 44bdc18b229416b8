using System.Globalization;
using Firehose.Storage.Postgres;
using Millrace.Redis;
using Millrace.Storage;

namespace Firehose;

/// <summary>Reads environment variables and notes every fault, with the variable's name.</summary>
internal sealed class VariableReader(Func<string, string?> variables, ICollection<string> faults)
{
    public long Number(string name, long otherwise, long least, long most)
    {
        if (Get(name) is not { } text) return otherwise;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            faults.Add($"CFG003 {name}=\"{JobRules.Clip(text)}\" is not a whole number.");
        else if (number < least || number > most)
            faults.Add($"CFG002 {name}={number} must be {least}{(most == long.MaxValue ? " or more" : $"..{most}")}.");
        else
            return number;
        return otherwise;
    }

    public Uri Relay(string name, Uri otherwise)
    {
        if (Get(name) is not { } text) return otherwise;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("ws" or "wss" or "http" or "https") || url.Host.Length == 0)
            faults.Add($"CFG012 {name}={Shown(text)} is no relay address: it must look like wss://host or ws://host:port.");
        else if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
            faults.Add($"CFG012 {name} must be an address alone, without user, query and fragment.");
        else
            return url;
        return otherwise;
    }

    /// <summary>A PostgreSQL address, as it was given; null when there is none or it is wrong.</summary>
    public string? Database(string name)
    {
        if (Get(name) is not { } text) return null;
        if (PostgresAddress.Parse(text, out var fault) is not null) return text;
        faults.Add($"CFG012 {name} {fault}.");
        return null;
    }

    /// <summary>A Redis address, as it was given; null when there is none or it is wrong.</summary>
    public string? Redis(string name)
    {
        if (Get(name) is not { } text) return null;
        if (RedisUrl.Parse(text, name, out _) is not { } fault) return text;
        faults.Add(fault);
        return null;
    }

    /// <summary>The name of something at a server: printable ASCII without blanks.</summary>
    public string Name(string name, string otherwise, int most)
    {
        if (Get(name) is not { } text) return otherwise;
        if (text.Length <= most && text.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0) return text;
        faults.Add($"CFG015 {name} \"{JobRules.Clip(text)}\" is not allowed: it must be 1 to {most} visible ASCII characters.");
        return otherwise;
    }

    /// <summary>An address that cannot be taken apart may still hold a password before its @.</summary>
    private static string Shown(string text) =>
        text.LastIndexOf('@') is >= 0 and var at ? $"\"…{JobRules.Clip(text[at..])}\"" : $"\"{JobRules.Clip(text)}\"";

    private string? Get(string name)
    {
        var text = variables(name);
        if (text is null || text.Trim().Length > 0) return text?.Trim();
        faults.Add($"CFG008 {name} is empty: unset it or give a value.");
        return null;
    }
}
