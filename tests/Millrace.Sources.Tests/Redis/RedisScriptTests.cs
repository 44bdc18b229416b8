using Millrace.Outcomes;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Scripts are known to a server by their hash, and a server may forget them at any time.</summary>
public sealed class RedisScriptTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData(Order.None)]
    [InlineData(Order.PerKey)]
    public async Task A_server_told_to_forget_its_scripts_before_every_verb_gets_them_again(Order order)
    {
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(order));
        async Task ForgetAsync() => await lab.ExecuteAsync("SCRIPT", "FLUSH", "SYNC");

        await ForgetAsync();
        await store.EnqueueAsync(RedisLab.Jobs(6, keys: 2), Stop);
        await ForgetAsync();
        var held = await source.TakeAsync(6);
        await ForgetAsync();
        Assert.Empty(await source.RenewAsync(held, Stop));
        await ForgetAsync();
        await source.SettleAllAsync(Outcome.Completed, held[..2]);
        await ForgetAsync();
        await source.SettleAllAsync(Outcome.Dead("bad"), held[2..4]);
        await ForgetAsync();
        Assert.Equal(Storage.JobState.Leased, (await store.FindAsync(held[4].Id, Stop))?.State);
        await ForgetAsync();
        Assert.Equal(2, await store.ListDeadLettersAsync(new(), Stop).CountAsync(Stop));
        await ForgetAsync();
        Assert.Equal(1, await store.DiscardAsync(new() { Ids = [held[2].Id] }, "test", Stop));
        await ForgetAsync();
        Assert.Single(await store.RequeueAsync(new(), "test", Stop));
        await ForgetAsync();
        Assert.Equal(new(1, 0, 2, 0, null), (await store.CountAsync(RedisLab.Queue, Stop)) with { OldestWaiting = null });
    }

    [Fact(Timeout = 120_000)]
    public async Task Forgotten_again_and_again_in_the_middle_of_traffic_they_lose_and_repeat_nothing()
    {
        const int many = 3_000;
        await using var lab = await RedisLab.StartAsync();
        var store = await lab.OpenAsync();
        await using var source = store.OpenSource(RedisLab.Options(Order.PerKey));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var forgetting = Task.Run(async () =>
        {
            while (!over.IsCancellationRequested) await lab.ExecuteAsync("SCRIPT", "FLUSH", "SYNC");
        }, Stop);
        var publishing = Task.Run(async () =>
        {
            foreach (var part in RedisLab.Jobs(many, keys: 10).Chunk(50)) await store.EnqueueAsync(part, Stop);
        }, Stop);

        List<string> seen = [];
        while (seen.Count < many)
        {
            var got = await source.FetchAsync(new(100), Stop);
            seen.AddRange(RedisLab.Texts(got));
            await source.SettleAllAsync(Outcome.Completed, got);
        }

        await publishing;
        await over.CancelAsync();
        await forgetting;
        Assert.Equal(Enumerable.Range(0, many).Select(n => $"{n}"), seen);
    }
}
