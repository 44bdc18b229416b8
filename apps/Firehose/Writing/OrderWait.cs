using Millrace.Sources;
using Millrace.Storage;

namespace Firehose.Writing;

/// <summary>How an event waits for the one before it in its repository, which another program of the stream's group may have in hand.</summary>
/// <param name="longest">How long at most, up to a day; zero where there is no other program.</param>
/// <param name="findBehind">Which deliveries, as places, come behind one of their repository that another program has in hand.</param>
internal sealed class OrderWait(TimeSpan longest, Func<IReadOnlyList<Delivery>, CancellationToken, ValueTask<IReadOnlyList<int>>> findBehind)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly int _looks = Looks(longest);

    /// <summary>Where nobody else is.</summary>
    public static OrderWait None { get; } = new(TimeSpan.Zero, (_, _) => new([]));

    /// <summary>How long until the next look.</summary>
    public static TimeSpan Delay(int looks) => looks < 5 ? FirstLook * (1 << looks) : LongestLook;

    /// <summary>
    /// Which of <paramref name="deliveries"/>, as places, may wait for one that is to come from somewhere else. What a dead program had is taken
    /// over into its place in the order, before what waits here.
    /// </summary>
    public async ValueTask<IEnumerable<int>> FindBehindAsync(IReadOnlyList<Delivery> deliveries, CancellationToken stopping)
    {
        if (_looks == 0) return [];
        IEnumerable<int> behind;
        try
        {
            behind = await findBehind(deliveries, stopping);
        }
        catch (StoreException)
        {
            behind = Enumerable.Range(0, deliveries.Count);
        }
        return behind.Where(place => deliveries[place].Snoozes < _looks);
    }

    private static int Looks(TimeSpan longest)
    {
        if (longest > LongestWait) longest = LongestWait;
        var looks = 0;
        for (var waited = TimeSpan.Zero; waited < longest; waited += Delay(looks++))
        {
        }

        return looks;
    }
}
