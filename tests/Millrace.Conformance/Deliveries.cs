using System.Text;
using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;

namespace Millrace.Conformance;

/// <summary>What the suite says about deliveries, in fewer words.</summary>
internal static class Deliveries
{
    public static string Text(this Delivery delivery) => Encoding.UTF8.GetString(delivery.Body.Span);

    public static IEnumerable<string> Texts(this IEnumerable<Delivery> deliveries) => deliveries.Select(Text);

    public static ValueTask<IReadOnlyList<Delivery>> FetchAsync(this Source source, int count, CancellationToken stop) =>
        source.FetchAsync(new FetchLimit(count), stop);

    /// <summary>Exactly so many, in as many fetches as the source needs.</summary>
    public static async Task<List<Delivery>> TakeAsync(this Source source, int count, CancellationToken stop)
    {
        var taken = new List<Delivery>();
        while (taken.Count < count)
        {
            var got = await source.FetchAsync(count - taken.Count, stop);
            Assert.NotEmpty(got);
            taken.AddRange(got);
        }

        Assert.Equal(count, taken.Count);
        return taken;
    }

    public static async Task<Delivery> TakeAsync(this Source source, CancellationToken stop) => (await source.TakeAsync(1, stop))[0];

    public static ValueTask<IReadOnlyList<Settlement>> SettleAsync(this Source source, Delivery delivery, Outcome outcome, CancellationToken stop) =>
        source.SettleAsync([new Settlement(delivery, outcome)], stop);

    /// <summary>Settles and wants it written.</summary>
    public static async Task WriteAsync(this Source source, Delivery delivery, Outcome outcome, CancellationToken stop) =>
        Assert.Empty(await source.SettleAsync(delivery, outcome, stop));

    public static async Task WriteAsync(this Source source, IEnumerable<Delivery> deliveries, Outcome outcome, CancellationToken stop) =>
        Assert.Empty(await source.SettleAsync([.. deliveries.Select(delivery => new Settlement(delivery, outcome))], stop));

    /// <summary>
    /// Shows that the source hands out nothing now, without waiting for nothing: a marker published behind everything is all a
    /// fetch with room to spare finds.
    /// </summary>
    public static async Task NothingElseAsync(this SourceHarness harness, Source source, CancellationToken stop)
    {
        await harness.FillAsync("marker", stop);
        var got = await source.FetchAsync(100, stop);
        Assert.Equal(["marker"], got.Texts());
        await source.WriteAsync(got, Outcome.Completed, stop);
    }
}
