using Apps.Tests.Firehose.Databases;

namespace Apps.Tests.Worker;

/// <summary>Scenario 8 with the queue in Redis: without a writer the stream grows to REDIS_MAX_STREAM_LEN and the reader pauses.</summary>
public sealed class Scenario08FullStreamTests(PostgresFixture postgres)
{
    private const long Limit = 1_000;

    [FullLaneFact]
    public async Task The_reader_pauses_no_unread_entry_is_trimmed_and_all_of_it_arrives()
    {
        await using var firehose = await ServedFirehose.StartAsync(postgres);
        await using var reader = firehose.StartReader(("REDIS_MAX_STREAM_LEN", $"{Limit}"));

        var full = await reader.StatusAsync(status => ServedFirehose.StateOf(status) is { ValueKind: System.Text.Json.JsonValueKind.Object } state && state.GetProperty("paused").GetBoolean());

        // Batches of a tenth of it, two of which may be on their way when it is reached.
        Assert.InRange(ServedFirehose.BacklogOf(full)!.Value, Limit, Limit * 12 / 10);
        var length = (long)(await firehose.Redis.ExecuteAsync("XLEN", ServedFirehose.Stream))!;
        Assert.InRange(length, Limit, Limit * 12 / 10);
        Assert.Equal(length, await EverAddedAsync(firehose));

        await using var writer = firehose.StartWriter();
        var done = await firehose.DoneAsync(reader);
        Assert.False(ServedFirehose.StateOf(done).GetProperty("paused").GetBoolean());
        await firehose.AssertEndStateAsync();
    }

    private static async Task<long> EverAddedAsync(ServedFirehose firehose)
    {
        var stream = (object?[])(await firehose.Redis.ExecuteAsync("XINFO", "STREAM", ServedFirehose.Stream))!;
        return (long)stream[Array.IndexOf(stream, "entries-added") + 1]!;
    }
}
