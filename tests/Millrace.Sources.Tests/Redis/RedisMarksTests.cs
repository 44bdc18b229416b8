using Millrace.Outcomes;

namespace Millrace.Sources.Tests.Redis;

/// <summary>Which deliveries had a handler running when their process died.</summary>
public sealed class RedisMarksTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Of_what_a_dead_process_held_what_ran_has_crashed_and_the_rest_is_suspect()
    {
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(3), Stop);
        var doomed = store.OpenSource(RedisLab.Options());
        var held = await doomed.TakeAsync(3);
        await doomed.MarkRunningAsync(held[0]);
        await doomed.MarkRunningAsync(held[1]);
        doomed.MarkDone(held[1]);
        await lab.MarkedAsync(held[0]);
        await store.AdvanceAsync(RedisLab.Lease * 2);

        await using var heir = store.OpenSource(RedisLab.Options());
        var back = await heir.TakeAsync(3);
        Assert.Equal([1, 0, 0], back.Select(delivery => delivery.Crashes));
        // Not at its first handler: whether that one ran nobody knows for sure, and this time one wants to.
        await heir.MarkRunningAsync(back[1]);
        await lab.MarkedAsync(back[1]);
        await heir.SettleAllAsync(Outcome.Released, back);
        Assert.Equal([1, 0, 0], (await heir.TakeAsync(3)).Select(delivery => delivery.Crashes));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_mark_of_a_suspect_is_there_before_its_handler_whatever_else_is_marked_meanwhile()
    {
        const int many = 300;
        await using var lab = await RedisLab.ShareAsync();
        var store = await lab.OpenAsync();
        await store.EnqueueAsync(RedisLab.Jobs(many), Stop);
        await store.OpenSource(RedisLab.Options()).TakeAsync(many);
        await store.AdvanceAsync(RedisLab.Lease * 2);
        await using var heir = store.OpenSource(RedisLab.Options());
        var suspects = await heir.TakeAsync(many);
        await store.EnqueueAsync(RedisLab.Jobs(2), Stop);
        var others = await heir.TakeAsync(2);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var marking = others.Select(other => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                await heir.MarkRunningAsync(other);
                heir.MarkDone(other);
                await Task.Yield();
            }
        }, Stop)).ToArray();
        await using var connection = await lab.Server.ConnectAsync(Stop);
        var key = await lab.RunningKeyAsync();
        foreach (var suspect in suspects)
        {
            await heir.MarkRunningAsync(suspect);
            Assert.Contains(RedisLab.Entry(suspect), ((string)(await connection.ExecuteAsync(["GET", key], Stop))!).Split(','));
        }

        await over.CancelAsync();
        await Task.WhenAll(marking);
    }
}
