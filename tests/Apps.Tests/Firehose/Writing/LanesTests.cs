using Apps.Tests.Firehose.Databases;
using Firehose.Decoding;
using Firehose.Storage.Postgres;
using Millrace.Sources;

namespace Apps.Tests.Firehose.Writing;

/// <summary>Several batches at once, each account's events in order: what they share comes out right all the same.</summary>
public abstract class LanesTests(TestDatabases databases)
{
    private const int Lanes = 5;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Parallel_lanes_with_repetitions_end_in_the_servers_own_state(int seed)
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await RunAsync(harness, WriterHarness.Deliveries(TestData.PathOf("firehose", "small.frames")), seed, mostAtOnce: 40);

        Assert.Equal(EndState.Records(TestData.PathOf("firehose", "small.final.json")), harness.Query(EndState.StoredRecords));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "small.final.json")), harness.Query(EndState.StoredAccounts));
        Assert.Empty(harness.DeadLetters);
        harness.AssertCounted();
    }

    [FullLaneFact]
    public async Task The_large_recording_too()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);

        await RunAsync(harness, WriterHarness.Deliveries(TestData.PathOf("firehose", "bench.frames.gz")), seed: 3, mostAtOnce: 300);

        Assert.Equal(2, harness.DeadLetters.Count);
        Assert.Empty(harness.Query(EndState.StoredRecords).Except(EndState.Records(TestData.PathOf("firehose", "bench.final.json.gz"))));
        Assert.Equal(EndState.Accounts(TestData.PathOf("firehose", "bench.final.json.gz")), harness.Query(EndState.StoredAccounts));
        harness.AssertCounted();
    }

    [Fact]
    public async Task Likes_reposts_replies_and_their_posts_may_come_and_go_at_the_same_time()
    {
        await using var harness = await WriterHarness.CreateAsync(databases);
        var authors = Enumerable.Range(0, Lanes).Select(i => new TestRepo($"author{i}")).ToList();
        var lanes = authors.Select((author, i) => ShareOf(author, authors, new Random(i)).Chunk(3).ToList()).ToList();

        await Task.WhenAll(lanes.Select(lane => Task.Run(async () =>
        {
            foreach (var batch in lane) await harness.HandleAsync(batch);
        })));

        harness.AssertCounted();
        Assert.Empty(harness.DeadLetters);
        // Locks are taken in one order, so nobody waits in a circle.
        if (harness.Store is PostgresFirehoseStore postgres) Assert.Equal(0, postgres.Conflicts);
    }

    /// <summary>Posts that come, change and go, and whatever others can do to them, most often before or after they are there.</summary>
    private static IEnumerable<Delivery> ShareOf(TestRepo author, List<TestRepo> authors, Random chance)
    {
        var mine = new HashSet<string>();
        for (var i = 0; i < 150; i++)
        {
            var subject = authors[chance.Next(authors.Count)].Uri(Collections.Post, $"p{chance.Next(4)}");
            var key = $"k{chance.Next(6)}";
            yield return author.Commit(chance.Next(6) switch
            {
                0 => Toggle(Collections.Post, $"p{chance.Next(4)}", post => TestRepo.Post(post)),
                1 => Toggle(Collections.Post, key, post => TestRepo.Post(post, replyTo: subject)),
                2 => Toggle(Collections.Like, key, like => TestRepo.Like(like, subject)),
                3 => Toggle(Collections.Follow, key, follow => TestRepo.Follow(follow, authors[chance.Next(authors.Count)].Did)),
                _ => Toggle(Collections.Repost, key, repost => TestRepo.Repost(repost, subject)),
            });
        }

        RepoOp Toggle(string collection, string key, Func<string, RepoOp> create) =>
            mine.Add(collection + key) ? create(key) : mine.Remove(collection + key) ? TestRepo.Delete(collection, key) : throw new InvalidOperationException();
    }

    private static Task RunAsync(WriterHarness harness, List<Delivery> recorded, int seed, int mostAtOnce)
    {
        var accounts = recorded.Select(delivery => delivery.Key!).Distinct().Select((did, i) => (did, i)).ToDictionary(pair => pair.did, pair => pair.i % Lanes);
        return Task.WhenAll(recorded.GroupBy(delivery => accounts[delivery.Key!]).Select(lane => Task.Run(async () =>
        {
            var (events, chance) = (lane.ToList(), new Random(seed + lane.Key));
            for (var at = 0; at < events.Count;)
            {
                var next = events.Skip(at).Take(chance.Next(1, mostAtOnce)).ToList();
                await harness.HandleAsync(next);
                at += next.Count;
                var from = chance.Next(at);
                if (chance.Next(3) == 0) await harness.HandleAsync(events.Skip(from).Take(Math.Min(chance.Next(1, mostAtOnce), at - from)).ToList());
            }
        })));
    }
}

public sealed class LanesTestsOnSqlite() : LanesTests(TestDatabases.Sqlite);

public sealed class LanesTestsOnPostgres(PostgresFixture postgres) : LanesTests(postgres.InFullLane);
