using Millrace.Postgres.Connecting;
using Millrace.Sources;


namespace Millrace.Postgres.Settling;

/// <summary>Prolongs an owner's lease and finds which of the deliveries it holds are its no more, or were cancelled.</summary>
internal static class ClaimCheck
{
    /// <returns>Null when the owner is no more, and with it every claim.</returns>
    public static Task<IReadOnlyList<LostClaim>?> RenewAsync(Database database, long owner, TimeSpan lease, IReadOnlyList<Delivery> held, CancellationToken stopping) => database.RunAsync(
        [
            new("renew_owner", Value.Of(owner), Value.Of(lease)),
            new("find_lost", Value.Of([.. held.Select(delivery => delivery.Number)]), Value.Of([.. held.Select(delivery => delivery.Token)])),
        ],
        async (rows, stop) =>
        {
            if (!await rows.ReadAsync(stop)) return null;
            await rows.NextResultAsync(stop);
            List<LostClaim> lost = [];
            while (await rows.ReadAsync(stop)) lost.Add(new(held[(int)rows.GetInt64(0) - 1], rows.GetBoolean(1)));
            return (IReadOnlyList<LostClaim>?)lost;
        },
        stopping);
}
