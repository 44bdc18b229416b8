using Millrace.Storage;

namespace Firehose.Writing;

/// <summary>How an event waits for the one before it in its repository, which another program of the stream's group may have in hand.</summary>
/// <param name="longest">How long at most, up to a day; zero where there is no other program.</param>
/// <param name="othersWork">Whether other programs have any event in hand.</param>
internal sealed class OrderWait(TimeSpan longest, Func<CancellationToken, ValueTask<bool>> othersWork)
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly int _looks = Looks(longest);

    /// <summary>Where nobody else is.</summary>
    public static OrderWait None { get; } = new(TimeSpan.Zero, _ => new(false));

    /// <summary>Whether an event that has waited <paramref name="looks"/> times may wait again.</summary>
    public bool MayWait(int looks) => looks < _looks;

    /// <summary>How long until the next look.</summary>
    public static TimeSpan Delay(int looks) => looks < 5 ? FirstLook * (1 << looks) : LongestLook;

    /// <summary>
    /// Whether the event before may still come from somewhere else. What a dead program had is taken over into its place in the order, before
    /// what waits here.
    /// </summary>
    public async ValueTask<bool> MayComeAsync(CancellationToken stopping)
    {
        try
        {
            return await othersWork(stopping);
        }
        catch (StoreException)
        {
            return true;
        }
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
