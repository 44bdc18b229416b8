using System.CommandLine;
using System.CommandLine.Parsing;
using Millrace.Storage;
using Millrace.Worker.Hosting;
using Millrace.Worker.Logging;

namespace Millrace.Worker.Commands;

/// <summary>Runs a command line, or says in a few lines what is wrong with it: what, the usage, and what was probably meant.</summary>
internal static class CommandLine
{
    private const string Program = "millrace-worker";
    private const int LongestError = 300;

    public static async Task<int> InvokeAsync(RootCommand program, string[] args, TextWriter errors)
    {
        var parsed = program.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Explain(parsed, errors);
            return ExitCodes.Usage;
        }

        try
        {
            // Signals are the host's: the library would cut its drain short.
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception error)
        {
            // The process's last word on something nobody foresaw: whoever reports it needs the whole of it.
            await errors.WriteLineAsync($"Failed unexpectedly: {error}");
            return ExitCodes.Failure;
        }
    }

    private static void Explain(ParseResult parsed, TextWriter errors)
    {
        var command = parsed.CommandResult.Command;
        var unknown = UnknownWords(parsed);
        foreach (var word in unknown) errors.WriteLine(Unknown(word, command));
        // What the library says about unknown words is said above, with the nearest match. Its texts may repeat what was typed, of any length.
        foreach (var error in parsed.Errors)
            if (unknown.Count == 0 || error.SymbolResult is OptionResult)
                errors.WriteLine(VisibleText.OneLine(error.Message, LongestError));
        errors.WriteLine(Usage(command));
    }

    /// <summary>What stands behind an unknown option is probably its value.</summary>
    private static List<string> UnknownWords(ParseResult parsed)
    {
        var words = new List<string>();
        var behindOption = false;
        foreach (var token in parsed.UnmatchedTokens)
        {
            var isOption = token.StartsWith('-');
            if (isOption || !behindOption) words.Add(token);
            behindOption = isOption;
        }

        return words;
    }

    private static string Unknown(string token, Command command)
    {
        var isOption = token.StartsWith('-');
        IReadOnlyList<string> known = isOption ? [.. command.Options.Select(option => option.Name)] : [.. command.Subcommands.Select(sub => sub.Name)];
        var kind = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        var meant = NearestMatch.Of(token, known) is { } nearest ? $": did you mean {nearest}?" : ".";
        return $"Unknown {kind} \"{JobRules.Clip(token)}\"{meant}";
    }

    private static string Usage(Command command)
    {
        if (command.Subcommands.Count > 0)
            return $"Usage: {Program} {string.Join('|', command.Subcommands.Select(sub => sub.Name))} [options]   ({Program} --help says more)";
        var options = command.Options.Where(option => option.HelpName is not null || option.Arity.MaximumNumberOfValues == 0 && option.Name.Length > 2 && option.Name != "--help")
            .Select(option => option.HelpName is null ? $"[{option.Name}]" : $"[{option.Name} {option.HelpName}]");
        return $"Usage: {Program} {command.Name} {string.Join(' ', options)}";
    }
}
