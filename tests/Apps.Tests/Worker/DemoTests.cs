using System.Text.Json;

namespace Apps.Tests.Worker;

public sealed class DemoTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Json_is_the_summary_alone_and_the_same_again_in_the_same_directory()
    {
        var first = await RunJsonAsync();
        var second = await RunJsonAsync();

        Assert.Equal(2004, first.GetProperty("frames").GetInt64());
        Assert.True(first.GetProperty("peakMemoryBytes").GetInt64() > 0);
        Assert.True(first.GetProperty("secondsToFirstEvent").GetDouble() > 0);
        foreach (var name in new[] { "posts", "likes", "reposts", "follows", "users" })
        {
            Assert.True(first.GetProperty(name).GetInt64() > 0, name);
            Assert.Equal((name, first.GetProperty(name).GetInt64()), (name, second.GetProperty(name).GetInt64()));
        }
    }

    [Fact]
    public async Task Text_shows_progress_and_a_summary_without_escape_sequences()
    {
        var (code, output, errors) = await ChildWorker.RunAsync($"demo --exit-when-done --port 0 --data {_data.Path}");

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("events/s  lag", output, StringComparison.Ordinal);
        Assert.Matches(@"\| frames +\| +2,004 \|", output);
        Assert.Contains("/api/v1/status", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task It_serves_on_after_the_summary_until_it_is_told_to_stop()
    {
        await using var child = ChildWorker.Start($"demo --port 0 --data {_data.Path}");

        await child.ReadyAsync(200, "\"ready\": true");
        child.Signal(ChildWorker.SigInt);

        Assert.Equal(0, await child.ExitAsync());
        Assert.Contains("| frames", child.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_demo_in_the_same_directory_is_refused_while_the_first_runs()
    {
        await using var first = ChildWorker.Start($"demo --port 0 --data {_data.Path}");
        await first.AddressAsync();

        var (code, _, errors) = await ChildWorker.RunAsync($"demo --port 0 --data {_data.Path}");

        Assert.Equal(78, code);
        Assert.StartsWith("DB004 the demo cannot have", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_no_demo_made_is_left_alone()
    {
        var theirs = Path.Combine(Directory.CreateDirectory(Path.Combine(_data.Path, "demo")).FullName, "firehose.db");
        await File.WriteAllTextAsync(theirs, "precious");

        var (code, _, errors) = await ChildWorker.RunAsync($"demo --port 0 --exit-when-done --data {_data.Path}");

        Assert.Equal(78, code);
        Assert.Contains("no demo made", errors, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(theirs));
    }

    [Fact]
    public async Task Somebodys_real_stream_and_database_are_not_the_demos_business()
    {
        var (code, output, errors) = await ChildWorker.RunAsync($"demo --exit-when-done --output json --port 0 --data {_data.Path}", ("REDIS_URL", "redis://127.0.0.1:9"), ("DATABASE_URL", "postgresql://127.0.0.1:9/sky"));

        Assert.True(code == 0, errors);
        Assert.Contains("firehose.db", output, StringComparison.Ordinal);
    }

    private async Task<JsonElement> RunJsonAsync()
    {
        var (code, output, errors) = await ChildWorker.RunAsync($"demo --exit-when-done --output json --port 0 --data {_data.Path}");
        Assert.True(code == 0, errors);
        return JsonDocument.Parse(output).RootElement;
    }
}
