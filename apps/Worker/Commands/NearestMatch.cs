namespace Millrace.Worker.Commands;

/// <summary>Which of the known words somebody probably meant.</summary>
internal static class NearestMatch
{
    /// <summary>The known word nearest to <paramref name="word"/>, or null when none is near: one letter in three may differ.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        if (word.Length > 64) return null;
        var (nearest, least) = ((string?)null, int.MaxValue);
        foreach (var candidate in known)
        {
            var distance = Distance(word.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < least && distance <= Math.Max(1, candidate.Length / 3)) (nearest, least) = (candidate, distance);
        }

        return nearest;
    }

    /// <summary>How many letters to add, remove, change or swap with a neighbour (optimal string alignment).</summary>
    private static int Distance(string from, string to)
    {
        var costs = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++) costs[i, 0] = i;
        for (var j = 0; j <= to.Length; j++) costs[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
            for (var j = 1; j <= to.Length; j++)
            {
                var change = costs[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                costs[i, j] = Math.Min(change, Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    costs[i, j] = Math.Min(costs[i, j], costs[i - 2, j - 2] + 1);
            }

        return costs[from.Length, to.Length];
    }
}
