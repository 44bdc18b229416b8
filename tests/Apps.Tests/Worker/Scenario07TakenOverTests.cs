using Apps.Tests.Firehose.Databases;
using Npgsql;

namespace Apps.Tests.Worker;

/// <summary>Scenario 7: three writers in one group, one killed for ever with events in hand.</summary>
public sealed class Scenario07TakenOverTests(PostgresFixture postgres)
{
    [FullLaneFact]
    public async Task What_a_killed_writer_had_in_hand_is_taken_over_in_order()
    {
        await using var firehose = await ServedFirehose.StartAsync(postgres, new() { FramesPerSecond = 1_500 });
        await using var first = firehose.StartWriter(("CONSUMER_ID", "first"));
        await using var second = firehose.StartWriter(("CONSUMER_ID", "second"));
        await using var victim = firehose.StartWriter(("CONSUMER_ID", "victim"));
        await Task.WhenAll(first.AddressAsync(), second.AddressAsync(), victim.AddressAsync());

        // Nobody commits while the table is locked: whoever has events in hand keeps them.
        await using var connection = new NpgsqlConnection(firehose.Database.Server.ConnectionStringTo(firehose.Database.Name));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var locked = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("LOCK TABLE repo_state IN ACCESS EXCLUSIVE MODE", connection, locked);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var reader = firehose.StartReader();
        await ServedFirehose.UntilAsync(async () => await firehose.PendingOfAsync("victim") > 0);
        victim.Signal(ChildWorker.SigKill);
        await victim.ExitAsync();
        Assert.True(await firehose.PendingOfAsync("victim") > 0);
        await locked.RollbackAsync(TestContext.Current.CancellationToken);

        var done = await firehose.DoneAsync(reader);

        Assert.Equal(0, ServedFirehose.DeadOf(done));
        await firehose.AssertEndStateAsync();
    }
}
