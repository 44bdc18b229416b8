using System.CommandLine;
using System.Globalization;
using Millrace.Storage;
using Millrace.Worker.Configuration;

namespace Millrace.Worker.Commands;

/// <summary>Options of more than one command.</summary>
internal static class CommonOptions
{
    public static Option<string?> Data()
    {
        var option = new Option<string?>("--data")
        {
            HelpName = "DIR",
            Description = $"Where the databases are, made when it is not there; ./{WorkerSettings.DefaultDataDirectory} by default.",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (result.Tokens[0].Value.Trim().Length == 0 || result.Tokens[0].Value.Contains('\0', StringComparison.Ordinal)))
                result.AddError("--data is empty: name a directory.");
        });
        return option;
    }

    public static Option<int?> Port() => Integer("--port", "N", 0, 65_535,
        $"Loopback port of the status pages, 0 for a free one; wins over PORT; {WorkerSettings.DefaultPort} by default.");

    public static Option<int?> Integer(string name, string helpName, int least, int most, string description) => new(name)
    {
        HelpName = helpName,
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            result.AddError($"{name} \"{JobRules.Clip(text)}\" is not allowed: it must be a whole number, {least}..{most}.");
            return null;
        },
    };
}
