using Firehose;
using Millrace.Storage;
using Millrace.Worker.Commands;

namespace Millrace.Worker.Configuration;

/// <summary>What `WORKER_TYPE` may name.</summary>
internal static class RoleNames
{
    private static readonly (string Name, FirehoseRoles Role)[] All =
    [
        ("firehose", FirehoseRoles.All),
        ("firehose-reader", FirehoseRoles.Reader),
        ("firehose-writer", FirehoseRoles.Writer),
    ];

    /// <summary>The roles that `WORKER_TYPE` names, separated by commas; everything this build has when it is not set.</summary>
    public static FirehoseRoles Read(EnvironmentReader environment)
    {
        if (environment.Text("WORKER_TYPE") is not { } text) return FirehoseRoles.All;
        var roles = FirehoseRoles.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var found = Array.Find(All, role => string.Equals(role.Name, name, StringComparison.OrdinalIgnoreCase));
            if (found.Name is null) environment.Refuse(Unknown(name));
            else roles |= found.Role;
        }

        return roles;
    }

    /// <summary>The single roles, as the status shows them.</summary>
    public static IReadOnlyList<string> Of(FirehoseRoles roles) =>
        [.. All.Where(role => int.PopCount((int)role.Role) == 1 && roles.HasFlag(role.Role)).Select(role => role.Name)];

    private static string Unknown(string name)
    {
        var meant = NearestMatch.Of(name, All.Select(role => role.Name)) is { } nearest ? $" Did you mean {nearest}?" : "";
        return $"CFG019 WORKER_TYPE \"{JobRules.Clip(name)}\" is unknown: it must be one or more of {string.Join(", ", All.Select(role => role.Name))}, separated by commas.{meant}";
    }
}
