using Millrace.Sources;
using Millrace.Sqlite.Writing;

namespace Millrace.Sqlite.Settling;

/// <summary>Finds which of the deliveries somebody holds are theirs no more, or were cancelled.</summary>
internal static class ClaimCheck
{
    public static IReadOnlyList<LostClaim> FindLost(WriteSession session, IReadOnlyList<Delivery> held)
    {
        List<LostClaim> lost = [];
        foreach (var delivery in held)
        {
            var find = session.Sql.FindClaim.Bind(1, delivery.Number).Bind(2, delivery.Token);
            if (!find.Step())
            {
                lost.Add(new(delivery, Cancelled: false));
                continue;
            }

            if (find.Int(0) != 0) lost.Add(new(delivery, Cancelled: true));
            find.Reset();
        }

        return lost;
    }
}
