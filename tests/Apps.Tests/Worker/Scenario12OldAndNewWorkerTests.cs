using Apps.Tests.Firehose.Databases;
using Apps.Tests.Firehose.Writing;
using Firehose;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Storage;
using Millrace.Worker.Configuration;
using Millrace.Worker.Hosting;
using Servers;
using StackExchange.Redis;

namespace Apps.Tests.Worker;

/// <summary>Scenario 12: an old plain consumer and our writer in one group split the work, and either may be stopped: migration and rollback.</summary>
public sealed class Scenario12OldAndNewWorkerTests(PostgresFixture postgres)
{
    /// <summary>The account of records that fit no table.</summary>
    private const string Unfit = "did:plc:unfit";

    [FullLaneFact]
    public Task The_old_one_may_be_killed_and_ours_finishes() => EndOldAsync(inOrder: false);

    [FullLaneFact]
    public Task The_old_one_may_be_stopped_and_ours_finishes() => EndOldAsync(inOrder: true);

    [FullLaneFact]
    public Task Ours_may_be_stopped_and_the_old_one_finishes() => EndOursAsync(inOrder: true);

    [FullLaneFact]
    public Task Ours_may_be_killed_and_the_old_one_finishes() => EndOursAsync(inOrder: false);

    private async Task EndOldAsync(bool inOrder)
    {
        Assert.SkipWhen(Python.Find() is null, Python.Missing);
        await using var firehose = await ServedFirehose.StartAsync(postgres, new() { FramesPerSecond = 600 });
        await using var old = OldOne(firehose, claimIdleSeconds: 60);
        await old.StartAsync(TestContext.Current.CancellationToken);
        await AddBadEntriesAsync(firehose);
        await ServedFirehose.UntilAsync(async () => await firehose.PendingOfAsync("old") == 2);
        await using var reader = firehose.StartReader();
        await reader.AddressAsync();
        await using var writer = NewOne(firehose);
        await writer.StartAsync(TestContext.Current.CancellationToken);

        await reader.StatusAsync(status => ServedFirehose.CursorOf(status) >= firehose.Relay.Head / 2);
        if (inOrder) await old.StopAsync();
        else await old.KillAsync();

        var done = await firehose.DoneAsync(reader);
        AssertEndState(firehose);
        Assert.InRange(ServedFirehose.HandledOf(await OwnStatusAsync(writer)), 1, firehose.Relay.Head - 1);
        Assert.Equal(0, await firehose.PendingOfAsync(""));
        // What the old one could not read or store, and left lying on purpose, is in our dead letters.
        Assert.Equal(2, ServedFirehose.DeadOf(done));
        var reasons = await ReasonsAsync(writer);
        Assert.Contains(reasons, reason => reason.Contains($"at://{Unfit}/app.bsky.feed.post/a", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => reason.Contains("at byte", StringComparison.Ordinal));
    }

    private async Task EndOursAsync(bool inOrder)
    {
        Assert.SkipWhen(Python.Find() is null, Python.Missing);
        await using var firehose = await ServedFirehose.StartAsync(postgres, new() { FramesPerSecond = 600 });
        await using var reader = firehose.StartReader();
        await reader.AddressAsync();
        await using var old = OldOne(firehose, claimIdleSeconds: 2);
        await old.StartAsync(TestContext.Current.CancellationToken);
        long handled;
        await using (var writer = firehose.StartWriter())
        {
            var status = await writer.StatusAsync(now => ServedFirehose.HandledOf(now) >= 300);
            handled = ServedFirehose.HandledOf(status);
            if (inOrder)
            {
                writer.Signal(ChildWorker.SigTerm);
                Assert.Equal(0, await writer.ExitAsync());
            }
        }

        await reader.StatusAsync(now => ServedFirehose.CursorOf(now) == firehose.Relay.Head);
        await ServedFirehose.UntilAsync(async () => await LagAsync(firehose) == 0 && await firehose.PendingOfAsync("") == 0);
        Assert.InRange(handled, 300, firehose.Relay.Head - 1);
        await firehose.AssertEndStateAsync();
        await old.StopAsync();

        // What ours set aside before it stopped, and the old one did, is no work any more.
        await using var again = firehose.StartWriter();
        var done = await firehose.DoneAsync(reader);
        Assert.Equal(0, ServedFirehose.DeadOf(done));
        await firehose.AssertEndStateAsync();
    }

    private static PlainConsumer OldOne(ServedFirehose firehose, int claimIdleSeconds) => new("tests/PlainConsumer", new Dictionary<string, string>
    {
        ["REDIS_URL"] = firehose.Redis.Url,
        ["DATABASE_URL"] = firehose.Database.Url,
        ["CONSUMER_ID"] = "old",
        ["CLAIM_IDLE_SECONDS"] = $"{claimIdleSeconds}",
        ["ORDER_WAIT_SECONDS"] = "20",
    });

    /// <summary>In this process, where it can be told to count the old one as dead soon.</summary>
    private static WebApplication NewOne(ServedFirehose firehose) => WorkerHost.Build(new WorkerSettings
    {
        DataDirectory = firehose.Data,
        Port = 0,
        Roles = FirehoseRoles.Writer,
        LogLevel = LogLevel.None,
        Firehose = new()
        {
            RelayUrl = firehose.Relay.Url,
            RedisUrl = firehose.Redis.Url,
            DatabaseUrl = firehose.Database.Url,
            ConsumerId = "new",
            ForeignConsumerTimeout = TimeSpan.FromSeconds(2),
        },
    });

    private static async Task<System.Text.Json.JsonElement> OwnStatusAsync(WebApplication writer)
    {
        using var http = new HttpClient();
        return System.Text.Json.JsonDocument.Parse(await http.GetStringAsync($"{writer.Urls.Single()}/api/v1/status", TestContext.Current.CancellationToken)).RootElement;
    }

    private static async Task<List<string>> ReasonsAsync(WebApplication writer)
    {
        var reasons = new List<string>();
        await foreach (var letter in writer.Services.GetRequiredService<JobStore>().ListDeadLettersAsync(new DeadLetterFilter(), TestContext.Current.CancellationToken)) reasons.Add(letter.Reason);
        return reasons;
    }

    /// <summary>Entries that nobody was given yet.</summary>
    private static async Task<long> LagAsync(ServedFirehose firehose)
    {
        var group = (object?[])((object?[])(await firehose.Redis.ExecuteAsync("XINFO", "GROUPS", ServedFirehose.Stream))!).Single()!;
        return (long)group[Array.IndexOf(group, "lag") + 1]!;
    }

    /// <summary>One that is no event, and one whose record fits no table.</summary>
    private static async Task AddBadEntriesAsync(ServedFirehose firehose)
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(firehose.Redis.Address);
        await redis.GetDatabase().StreamAddAsync(ServedFirehose.Stream, [new("body", "no event"), new("key", Unfit)]);
        var commit = new TestRepo(Unfit.Split(':')[2]).Commit(TestRepo.Post("a", text: 12));
        await redis.GetDatabase().StreamAddAsync(ServedFirehose.Stream, [new("body", commit.Body), new("key", Unfit)]);
    }

    private static void AssertEndState(ServedFirehose firehose)
    {
        firehose.AssertExported();
        Assert.Empty(firehose.Database.Query("SELECT did FROM repo_state WHERE status = 'desynchronized'"));
    }
}
