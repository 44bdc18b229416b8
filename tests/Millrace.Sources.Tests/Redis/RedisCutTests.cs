using Millrace.Outcomes;
using Millrace.Redis.Connecting;
using Millrace.Redis.Fetching;
using Servers;
using StackExchange.Redis;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Requests that were carried out and whose answers were lost: nobody may count on either.</summary>
public sealed class RedisCutTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_publish_whose_answer_is_lost_is_unknown_and_stored_once_or_not_at_all()
    {
        await using var lab = await RedisLab.ShareAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => options.Url = $"redis://{proxy.Address}");
        await store.EnqueueAsync([RedisLab.Job("first")], Stop);
        var cut = proxy.CutAfter(Marker(Script.Enqueue));
        await Assert.ThrowsAnyAsync<RedisException>(async () => await store.EnqueueAsync([RedisLab.Job("stored")], Stop));
        await cut.WaitAsync(Stop);
        cut = proxy.CutBefore(Marker(Script.Enqueue));
        await Assert.ThrowsAnyAsync<RedisException>(async () => await store.EnqueueAsync([RedisLab.Job("never seen")], Stop));
        await cut.WaitAsync(Stop);
        await store.EnqueuePatientlyAsync(RedisLab.Job("last"));
        await using var source = store.OpenSource(RedisLab.Options());
        Assert.Equal(["first", "stored", "last"], RedisLab.Texts(await source.TakeAsync(3)));

        // With a deduplication id one may simply ask again.
        cut = proxy.CutAfter(Marker(Script.Enqueue));
        var job = RedisLab.Job("once") with { DeduplicationId = "1" };
        await Assert.ThrowsAnyAsync<RedisException>(async () => await store.EnqueueAsync([job], Stop));
        await cut.WaitAsync(Stop);
        Assert.True((await store.EnqueuePatientlyAsync(job)).Duplicate);
        Assert.Equal("once", RedisLab.Text(await source.TakeAsync()));
        await source.NothingElseAsync(store);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None, false)]
    [InlineData(Order.None, true)]
    [InlineData(Order.PerKey, false)]
    public async Task Claims_whose_answer_was_lost_are_given_back_and_nobody_is_to_blame(Order order, bool direct)
    {
        await using var lab = await RedisLab.ShareAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => options.Url = $"redis://{proxy.Address}");
        await using var source = store.OpenSource(RedisLab.Options(order));
        await store.EnqueueAsync(RedisLab.Jobs(3, keys: 2), Stop);
        var known = await source.TakeAsync();
        // A released one comes back by another way than new ones.
        await source.SettleAllAsync(Outcome.Released, await source.TakeAsync());
        if (direct) await source.SettleAllAsync(Outcome.Released, await source.TakeAsync());
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 2, from: 3), Stop);
        var cut = proxy.CutAfter(direct ? "XREADGROUP" : Marker(Script.Fetch));
        var back = await source.TakeAsync(direct ? 1 : 4);
        if (direct)
        {
            // The next one may read new entries without asking for anything else.
            back.AddRange(await source.TakeAsync(3));
        }

        await cut.WaitAsync(Stop);
        Assert.Equal(["1", "2", "3", "4"], RedisLab.Texts(back).Order());
        Assert.All(back, delivery => Assert.Equal((1, 0), (delivery.Attempt, delivery.Crashes)));
        Assert.Equal(5, (await lab.ConsumersAsync()).Where(consumer => consumer.Key != RedisLab.Pool).Sum(consumer => consumer.Value));
        Assert.NotEmpty(lab.Logged.Of(5009));
        await source.SettleAllAsync(Outcome.Completed, [known, .. back]);
        await source.NothingElseAsync(store);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_claim_whose_answer_was_lost_is_given_back_although_an_earlier_one_of_the_same_message_is_still_being_settled()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        await store.EnqueueAsync(RedisLab.Jobs(2, keys: 2), Stop);
        var (earlier, other) = (await source.TakeAsync(), await source.TakeAsync());
        await source.SettleAllAsync(Outcome.Released, earlier);
        var lost = await source.TakeAsync();

        // What a source knows that had the answer of neither the release nor the second fetch.
        var tools = new RedisTools(TimeProvider.System, new Random(1), lab.Logged);
        await using var link = await RedisLink.ConnectAsync(new() { Url = lab.Server.Url }, "test", mustAnswer: true, tools);
        var (held, owner) = (new HeldEntries(), ((Claim)lost.Receipt!).Owner);
        held.Add(new() { Deliveries = [earlier, other] });
        var claims = new OwnerClaims(link, new QueueKeys(RedisLab.Queue, lab.Stream, "millrace"), held, tools);
        await claims.ReleaseUnknownAsync(link, owner, Stop);

        var back = await source.TakeAsync();
        Assert.Equal((earlier.Id, lost.Token + 1), (back.Id, back.Token));
        held.Add(new() { Deliveries = [back] });
        await claims.ReleaseUnknownAsync(link, owner, Stop);
        await source.SettleAllAsync(Outcome.Completed, back, other);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(0)]
    [InlineData(100)]
    public async Task A_settlement_whose_answer_was_lost_is_written_once(int retained)
    {
        await using var lab = await RedisLab.ShareAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => (options.Url, options.Retention) = ($"redis://{proxy.Address}", new() { MaxCount = retained }));
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        await store.EnqueueAsync(RedisLab.Jobs(6), Stop);
        var held = await source.TakeAsync(6);
        await source.SettleAllAsync(Outcome.Completed, held[0]);
        await source.SettleAllAsync(Outcome.Snoozed(TimeSpan.FromSeconds(1)), held[1]);

        var cut = proxy.CutAfter(Marker(retained == 0 ? Script.Complete : Script.Settle));
        await source.SettleAllAsync(Outcome.Completed, held[2..4]);
        await cut.WaitAsync(Stop);
        cut = proxy.CutAfter(Marker(Script.Settle));
        await source.SettleAllAsync(Outcome.Retry(TimeSpan.FromSeconds(1), "later"), held[4..]);
        await cut.WaitAsync(Stop);
        await store.AdvanceAsync(TimeSpan.FromSeconds(2));
        var back = await source.TakeAsync(3);
        Assert.Equal([("1", 1, 1), ("4", 2, 0), ("5", 2, 0)], back.Select(delivery => (RedisLab.Text(delivery), delivery.Attempt, delivery.Snoozes)));
        await source.SettleAllAsync(Outcome.Completed, back);
        await source.NothingElseAsync(store);
    }

    [FullLaneFact(Timeout = 120_000)]
    public async Task A_settlement_given_up_and_sent_again_does_not_open_its_key_to_others()
    {
        await using var lab = await RedisLab.ShareAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => (options.Url, options.CommandTimeout) = ($"redis://{proxy.Address}", TimeSpan.FromSeconds(1)));
        var other = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        await using var otherSource = other.OpenSource(RedisLab.Options(Order.PerKey));
        // The server knows the script that the proxy waits for.
        await source.NothingElseAsync(store);
        await store.EnqueueAsync(RedisLab.Jobs(3, keys: 1), Stop);
        var held = await source.TakeAsync(2);

        // Carried out, and then the server cannot be reached for longer than a write is tried by itself.
        proxy.Refuse();
        var cut = proxy.CutAfter(Marker(Script.Complete));
        var settling = source.TrySettleAsync(Outcome.Completed, held[0]).AsTask();
        await cut.WaitAsync(Stop);
        await Assert.ThrowsAnyAsync<RedisException>(() => settling);
        proxy.Resume();
        while (true)
        {
            try
            {
                await source.SettleAllAsync(Outcome.Completed, held[0]);
                break;
            }
            catch (Exception error) when (error is RedisException or RedisTimeoutException)
            {
                // As the settler does.
            }
        }

        // The second of the key is still in hand: the third is not for others.
        await otherSource.NothingElseAsync(other);
        await source.SettleAllAsync(Outcome.Completed, held[1]);
    }

    [FullLaneFact(Timeout = 120_000)]
    public async Task What_a_fetch_brought_is_kept_when_the_server_goes_before_foreign_entries_are_buried()
    {
        await using var lab = await RedisLab.ShareAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => options.Url = $"redis://{proxy.Address}");
        await using var source = store.OpenSource(RedisLab.Options());
        await store.EnqueueAsync(RedisLab.Jobs(2), Stop);
        await source.SettleAllAsync(Outcome.Dead("bad"), await source.TakeAsync());
        await lab.ExecuteAsync("XADD", lab.Stream, "*", "data", "none of ours");
        proxy.Refuse();
        var cut = proxy.CutBefore(Marker(Script.Settle));
        var fetch = source.FetchAsync(new(10), Stop).AsTask();
        await cut.WaitAsync(Stop);
        await Assert.ThrowsAnyAsync<RedisException>(() => fetch);
        proxy.Resume();

        var kept = await source.FetchPatientlyAsync();
        Assert.Equal(["1"], RedisLab.Texts(kept));
        await source.SettleAllAsync(Outcome.Completed, kept);
        await source.NothingElseAsync(store);
        Assert.Equal(2, (await store.CountAsync(RedisLab.Queue, Stop)).Dead);
        Assert.All((await lab.ConsumersAsync()).Values, pending => Assert.Equal(0, pending));
    }

    [FullLaneFact(Timeout = 120_000)]
    public async Task What_was_claimed_while_stopping_and_could_not_be_given_back_comes_with_the_next_fetch()
    {
        await using var lab = await RedisLab.StartAsync();
        await using var proxy = TcpProxy.Start(lab.Server.Port);
        var store = await lab.OpenAsync(options => options.Url = $"redis://{proxy.Address}");
        await using var source = store.OpenSource(RedisLab.Options());
        await store.EnqueueAsync(RedisLab.Jobs(2), Stop);
        await source.SettleAllAsync(Outcome.Dead("bad"), await source.TakeAsync());

        lab.Server.Freeze();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var fetch = source.FetchAsync(new(10), stopping.Token).AsTask();
        await stopping.CancelAsync();
        proxy.Refuse();
        var cut = proxy.CutBefore(Marker(Script.Settle));
        lab.Server.Thaw();
        await cut.WaitAsync(Stop);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        proxy.Resume();

        var back = Assert.Single(await source.FetchPatientlyAsync());
        Assert.Equal(("1", 1, 0), (RedisLab.Text(back), back.Attempt, back.Crashes));
        await source.SettleAllAsync(Outcome.Completed, back);
        await source.NothingElseAsync(store);
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task Frozen_for_longer_than_a_command_may_take_the_server_loses_and_repeats_nothing(Order order)
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync(options => options.CommandTimeout = TimeSpan.FromMilliseconds(300));
        await using var source = store.OpenSource(RedisLab.Options(order));
        await store.EnqueueAsync(RedisLab.Jobs(10, keys: 3), Stop);
        var held = await source.TakeAsync(4);

        lab.Server.Freeze();
        var fetch = source.TakeAsync(6);
        var settling = source.SettleAllAsync(Outcome.Completed, held[..2]);
        await Assert.ThrowsAnyAsync<Exception>(async () => await store.EnqueueAsync([RedisLab.Job("10")], Stop));
        Assert.NotNull(await store.CheckAsync(Stop));
        Assert.False(fetch.IsCompleted);
        lab.Server.Thaw();

        await settling;
        var rest = await fetch;
        await source.SettleAllAsync(Outcome.Completed, [.. held[2..], .. rest]);
        // The publish is unknown: it was read after the thaw.
        var unknown = await source.TakeAsync();
        Assert.Equal("10", RedisLab.Text(unknown));
        await source.SettleAllAsync(Outcome.Completed, unknown);
        await source.NothingElseAsync(store);
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"{n}"), RedisLab.Texts([.. held, .. rest]).Order(StringComparer.Ordinal));
        Assert.Null(await store.CheckAsync(Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task With_a_short_command_timeout_an_idle_source_sleeps_and_wakes_all_the_same()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync(options => options.CommandTimeout = TimeSpan.FromMilliseconds(200));
        var publisher = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(publisher);
        var fetch = source.FetchAsync(new(1), Stop).AsTask();
        // Nothing comes for longer than a command may take.
        await using (var listener = await lab.Server.ConnectAsync(Stop))
            await listener.ExecuteAsync(["BLPOP", lab.Prefix + "nothing", "1"], Stop);
        await publisher.EnqueueAsync(RedisLab.Jobs(1), Stop);
        Assert.Equal(1, (await fetch)[0].Token);
        Assert.Empty(lab.Logged.Of(5009));
    }

    private static string Marker(Script script) => Convert.ToHexStringLower(script.Hash);
}
