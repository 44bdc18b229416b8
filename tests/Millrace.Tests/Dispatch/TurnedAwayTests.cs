using System.Threading.Channels;
using Millrace.Dispatch;
using Millrace.Outcomes;
using Millrace.Settlements;
using Millrace.Sources;
using Millrace.Storage.InMemory;

namespace Millrace.Tests.Dispatch;

/// <summary>What a fetch brings for a key of which something goes back to the source goes back too.</summary>
public sealed class TurnedAwayTests : IAsyncDisposable
{
    private readonly Channel<Settlement> _settled = Channel.CreateUnbounded<Settlement>();
    private readonly InMemoryStore _store = new();
    private readonly Dispatcher _dispatcher;

    public TurnedAwayTests()
    {
        _dispatcher = new(
            _store.OpenSource(new() { Queue = "q", Order = Order.PerKey }), new DispatcherOptions(),
            (_, _) => new(Outcome.Snoozed(TimeSpan.FromSeconds(1))), settlement => _settled.Writer.TryWrite(settlement), () => { }, TimeProvider.System);
        _dispatcher.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _dispatcher.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_asked_for_until_it_is_written()
    {
        _dispatcher.Absorb([Delivery("1")], all: false);
        var snoozed = await NextAsync();
        Assert.NotNull(_dispatcher.Ask());

        // Else the next fetch may bring 2, which was given back before, and the one under way 3 only: each alone looks right.
        _dispatcher.Absorb([Delivery("3"), Delivery("4")], all: false);
        Settlement[] turnedAway = [await NextAsync(), await NextAsync()];
        Assert.Equal([("3", Outcome.Released), ("4", Outcome.Released)], turnedAway.Select(settlement => (settlement.Delivery.Id, settlement.Outcome)));
        Assert.Null(_dispatcher.Ask());

        _dispatcher.Written([snoozed, turnedAway[0]]);
        Assert.Null(_dispatcher.Ask());
        _dispatcher.Written([turnedAway[1]]);
        Assert.NotNull(_dispatcher.Ask());
    }

    [Fact]
    public async Task Nothing_is_asked_for_until_what_a_pause_gave_back_is_written()
    {
        _dispatcher.Quiet();
        _dispatcher.Absorb([Delivery("1")], all: false);
        var back = await NextAsync();
        _dispatcher.Resume();
        Assert.Equal(Outcome.Released, back.Outcome);
        Assert.Null(_dispatcher.Ask());

        _dispatcher.Written([back]);
        Assert.NotNull(_dispatcher.Ask());
    }

    [Fact]
    public void A_proof_that_a_fetch_left_half_given_says_nothing_of_the_next_fetch()
    {
        var lanes = new Lanes(Order.PerKey);
        var (first, second) = (Delivery("1"), Delivery("2"));
        Assert.True(lanes.TryAdd(first) && lanes.TryAdd(second));
        TakeAndGiveBack(lanes);
        WriteAll(lanes, 2, fetching: true);

        // The fetch under way brings the first again, which goes back once more before that fetch has ended.
        Assert.True(lanes.TryAdd(first));
        TakeAndGiveBack(lanes);
        lanes.FetchEnded();
        WriteAll(lanes, 1, fetching: true);

        // The next one was answered between the writes: without the first.
        Assert.False(lanes.TryAdd(second));
    }

    [Fact]
    public void A_key_that_is_written_between_a_fetch_and_its_end_opens_once()
    {
        var lanes = new Lanes(Order.PerKey);
        var head = Delivery("1");
        Assert.True(lanes.TryAdd(head));
        TakeAndGiveBack(lanes);
        WriteAll(lanes, 1, fetching: true);
        Assert.True(lanes.TryAdd(head));
        TakeAndGiveBack(lanes);

        WriteAll(lanes, 1, fetching: false);
        Assert.Equal(1, lanes.Parked);
        lanes.FetchEnded();
        Assert.Equal(0, lanes.Parked);
    }

    private static void TakeAndGiveBack(Lanes lanes)
    {
        Assert.True(lanes.TryTake(out var head, out var lane));
        lanes.GiveBack(lane!, head);
        lanes.Park(lane!);
    }

    private static void WriteAll(Lanes lanes, int count, bool fetching)
    {
        for (var i = 0; i < count; i++) lanes.Written("k", fetching);
    }

    private static Delivery Delivery(string id) => new(id) { Queue = "q", Key = "k" };

    private ValueTask<Settlement> NextAsync() => _settled.Reader.ReadAsync(TestContext.Current.CancellationToken);
}
