using Millrace.Postgres.Connecting;

namespace Millrace.Postgres.Fetching;

/// <summary>Asks whether a claim would find anything, far cheaper than a claim.</summary>
internal static class LookWork
{
    /// <returns>Whether there is something now, and how long until time alone brings something.</returns>
    public static Task<(bool Found, TimeSpan? Due)> LookAsync(Database database, string queue, CancellationToken stopping) => database.RunAsync(
        [new("plan_by_index"), new("look", Value.Of(queue))],
        async (rows, stop) =>
        {
            await rows.NextResultAsync(stop);
            await rows.ReadAsync(stop);
            TimeSpan? due = rows.IsDBNull(1) ? null : TimeSpan.FromMilliseconds(Math.Clamp(rows.GetInt64(1), 5, int.MaxValue));
            return (rows.GetBoolean(0), due);
        },
        stopping);
}
