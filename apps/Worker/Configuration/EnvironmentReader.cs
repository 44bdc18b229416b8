using System.Globalization;
using Millrace.Storage;

namespace Millrace.Worker.Configuration;

/// <summary>Reads variables one after the other and collects every fault, so that a start reports them all at once.</summary>
internal sealed class EnvironmentReader(Func<string, string?> variable)
{
    private readonly List<string> _faults = [];

    /// <summary>Each fault in one line: code, variable, got, allowed.</summary>
    public ICollection<string> Faults => _faults;

    /// <summary>The variables themselves, for systems that read their own.</summary>
    public Func<string, string?> Variable => variable;

    public void Refuse(string fault) => _faults.Add(fault);

    /// <summary>The value without blanks around it; null when it is not set or wrong.</summary>
    public string? Text(string name)
    {
        if (variable(name) is not { } value) return null;
        if (value.Trim() is { Length: > 0 } text) return text;
        Refuse($"CFG008 {name} is set but empty: unset it, or give it a value.");
        return null;
    }

    /// <summary>A whole number within both bounds; null when it is not set or wrong.</summary>
    public int? Integer(string name, int least, int most, string outOfRange = "CFG002")
    {
        if (Text(name) is not { } text) return null;
        if (text.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9'))
            Refuse($"CFG003 {name} \"{JobRules.Clip(text)}\" is not a whole number: it must be {least}..{most}.");
        else if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        else
            Refuse($"{outOfRange} {name} {JobRules.Clip(text)} is out of range: it must be {least}..{most}.");
        return null;
    }
}
