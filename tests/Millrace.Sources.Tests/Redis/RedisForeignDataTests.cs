using System.Globalization;
using System.Text;
using Millrace.Outcomes;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Keys and entries that somebody else put where ours belong.</summary>
public sealed class RedisForeignDataTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_stream_key_of_another_type_stops_its_own_source_and_names_the_key()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await lab.ExecuteAsync("SET", lab.Prefix + "bad", "text");
        var bad = store.OpenSource(RedisLab.Options() with { Queue = "bad" });
        await using var good = store.OpenSource(RedisLab.Options());

        foreach (var refused in new[]
                 {
                     await Assert.ThrowsAsync<StoreException>(async () => await bad.FetchAsync(new(1), Stop)),
                     await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([RedisLab.Job("a") with { Queue = "bad" }], Stop)),
                     await Assert.ThrowsAsync<StoreException>(async () => await store.CountAsync("bad", Stop)),
                 })
        {
            Assert.Equal("SRC001", refused.Code);
            Assert.Contains(lab.Prefix + "bad", refused.Message, StringComparison.Ordinal);
        }

        await good.NothingElseAsync(store);
        await store.PruneAsync(Stop);
        await good.NothingElseAsync(store);
        await bad.DisposeAsync();
        // Put right, it works.
        await lab.ExecuteAsync("DEL", lab.Prefix + "bad");
        await using var mended = store.OpenSource(RedisLab.Options() with { Queue = "bad" });
        await store.EnqueueAsync([RedisLab.Job("a") with { Queue = "bad" }], Stop);
        Assert.Equal("a", RedisLab.Text(await mended.TakeAsync()));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_stream_that_is_replaced_under_its_source_stops_it_and_it_closes()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        var source = store.OpenSource(RedisLab.Options());
        await source.NothingElseAsync(store);
        await lab.ExecuteAsync("SET", lab.Stream, "text");
        Assert.Equal("SRC001", (await Assert.ThrowsAsync<StoreException>(async () => await source.FetchAsync(new(1), Stop))).Code);
        await source.DisposeAsync();
    }

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task Entries_that_are_none_of_ours_become_dead_letters_with_all_their_fields(Order order)
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(order));
        await source.NothingElseAsync(store);
        await lab.ExecuteAsync("XADD", lab.Stream, "*", "data", "{\"a\":1}", "key", "k", "Ünï", "cøde");
        await lab.ExecuteAsync("XADD", lab.Stream, "*", "", "");
        await lab.ExecuteAsync("XADD", lab.Stream, "*", "body", "ours", "more", "is left alone", "headers", "not JSON");
        var ours = await source.TakeAsync();
        Assert.Equal(("ours", "not JSON"), (RedisLab.Text(ours), ours.Headers.Get("unreadable-headers")));
        await source.SettleAllAsync(Outcome.Completed, ours);

        var dead = await store.ListDeadLettersAsync(new(), Stop).ToListAsync(Stop);
        Assert.Equal(2, dead.Count);
        Assert.All(dead, letter => Assert.StartsWith("SRC001", letter.Reason, StringComparison.Ordinal));
        using var fields = System.Text.Json.JsonDocument.Parse(dead[0].Body);
        Assert.Equal(("{\"a\":1}", "cøde", "k"), (fields.RootElement.GetProperty("data").GetString(), fields.RootElement.GetProperty("Ünï").GetString(), dead[0].Key));
        Assert.Equal("{\"\":\"\"}", Encoding.UTF8.GetString(dead[1].Body.Span));
        Assert.Equal(2, lab.Logged.Of(5006).Length);
        await source.NothingElseAsync(store);
        Assert.Equal(2, await store.DiscardAsync(new(), "test", Stop));
    }

    [Fact(Timeout = 120_000)]
    public async Task Many_foreign_entries_among_ours_hold_nobody_up()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        for (var n = 0; n < 50; n++)
        {
            await lab.ExecuteAsync("XADD", lab.Stream, "*", "n", n.ToString(CultureInfo.InvariantCulture));
            if (n % 10 == 0) await store.EnqueueAsync(RedisLab.Jobs(1, from: n), Stop);
        }

        await using var source = store.OpenSource(RedisLab.Options());
        Assert.Equal(["0", "10", "20", "30", "40"], RedisLab.Texts(await source.TakeAsync(5)));
        await source.NothingElseAsync(store);
        Assert.Equal(50, (await store.CountAsync(RedisLab.Queue, Stop)).Dead);
    }
}
