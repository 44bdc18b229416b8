using System.Diagnostics;
using System.Globalization;

namespace Servers;

/// <summary>Signals to processes by their ids.</summary>
internal static class ProcessSignals
{
    public static void Send(string signal, params IReadOnlyList<int> processes)
    {
        var ids = processes.Select(id => id.ToString(CultureInfo.InvariantCulture));
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", .. ids]) { RedirectStandardError = true })!;
        kill.StandardError.ReadToEnd();   // a child that is gone already is no fault
        kill.WaitForExit();
    }

    /// <summary>To a process first, so that it forks no more, then to its children.</summary>
    public static void SendToTree(string signal, int root)
    {
        Send(signal, root);
        var children = ChildrenOf(root);
        if (children.Count > 0) Send(signal, children);
    }

    /// <summary>Returns when none of them runs any more.</summary>
    public static async Task AwaitEndAsync(IReadOnlyList<int> processes)
    {
        // They are not our children: nothing signals their end to us.
        while (processes.Any(IsAlive)) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
    }

    public static List<int> ChildrenOf(int parent)
    {
        List<int> children = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && StatusOf(id)?.Parent == parent) children.Add(id);
        }

        return children;
    }

    private static bool IsAlive(int process) => StatusOf(process) is { State: not ("Z" or "X") };

    private static (string State, int Parent)? StatusOf(int process)
    {
        try
        {
            // "id (name) state parent …": the name may hold spaces and parentheses.
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;   // gone between the listing and the look
        }
    }
}
