using System.Security.Cryptography;
using System.Text;

namespace Millrace.Redis.Connecting;

/// <summary>One verb: a Lua script behind the parts that it shares with others, known to a server by its hash.</summary>
internal sealed class Script
{
    private static readonly string s_common = Read("common");
    private static readonly string s_owners = Read("owners");

    private Script(string verb, bool withoutMemory, bool takesBack = false)
    {
        // Verbs that free memory, or keep claims alive, must go on when there is none left; those that add something must not.
        Text = (withoutMemory ? "#!lua flags=allow-oom\n" : "#!lua\n") + s_common + (takesBack ? s_owners : "") + Read(verb);
        // The protocol's choice, not ours: EVALSHA names a script by its SHA-1.
#pragma warning disable CA5350
        Hash = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350
    }

    public static Script Fetch { get; } = new("fetch", withoutMemory: true, takesBack: true);

    public static Script Complete { get; } = new("complete", withoutMemory: true);

    public static Script Settle { get; } = new("settle", withoutMemory: true);

    public static Script Renew { get; } = new("renew", withoutMemory: true);

    public static Script EndOwner { get; } = new("end_owner", withoutMemory: true, takesBack: true);

    public static Script ReleaseUnknown { get; } = new("release_unknown", withoutMemory: true, takesBack: true);

    public static Script CreateGroup { get; } = new("create_group", withoutMemory: true);

    public static Script Wake { get; } = new("wake", withoutMemory: true);

    public static Script Enqueue { get; } = new("enqueue", withoutMemory: false);

    public static Script FindTrimmed { get; } = new("find_trimmed", withoutMemory: true);

    public static Script FindJob { get; } = new("find_job", withoutMemory: true);

    public static Script CancelJob { get; } = new("cancel_job", withoutMemory: true);

    public static Script CountJobs { get; } = new("count_jobs", withoutMemory: true);

    public static Script CountForeign { get; } = new("count_foreign", withoutMemory: true);

    public static Script FindBehindForeign { get; } = new("find_behind_foreign", withoutMemory: true);

    public static Script ListDead { get; } = new("list_dead", withoutMemory: true);

    public static Script RequeueDead { get; } = new("requeue_dead", withoutMemory: false);

    public static Script DiscardDead { get; } = new("discard_dead", withoutMemory: true);

    public static Script Prune { get; } = new("prune", withoutMemory: true);

    public static Script SetPause { get; } = new("set_pause", withoutMemory: true);

    public static Script WriteAudit { get; } = new("write_audit", withoutMemory: true);

    public static Script Clock { get; } = new("clock", withoutMemory: true);

    public string Text { get; }

    public byte[] Hash { get; }

    private static string Read(string verb)
    {
        using var stream = typeof(Script).Assembly.GetManifestResourceStream($"Millrace.Redis.Lua.{verb}.lua")
            ?? throw new InvalidOperationException($"No script \"{verb}\" in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd() + "\n";
    }
}
