using System.Diagnostics;
using System.Globalization;
using Millrace.Outcomes;
using Millrace.Postgres;
using Millrace.Storage;
using Npgsql;
using Servers;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>What happens while the server is away, full or stuck, and after. On a server of its own.</summary>
public sealed class PostgresTroubleTests : IAsyncLifetime
{
    private readonly PostgresServer _server = new(null, "max_connections=20", "superuser_reserved_connections=0");
    private TempSchema _temp = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        _temp = new TempSchema(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _temp.DisposeAsync();
        await _server.DisposeAsync();
    }

    [FullLaneTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_went_away_is_named_and_worked_with_again_when_it_is_back(bool killed)
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a"), TempSchema.Job("b")], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        var first = Assert.Single(await source.FetchAsync(new(1), Stop));
        await source.MarkRunningAsync(first);
        if (killed) await _server.KillAsync();
        else await _server.StopAsync();

        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempSchema.Job("c")], Stop))).Code);
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await source.SettleAsync([new(first, Outcome.Completed)], Stop))).Code);
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await source.FetchAsync(new(1), Stop))).Code);
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(async () => await source.RenewAsync([first], Stop))).Code);
        var reason = await store.CheckAsync(Stop);
        Assert.StartsWith("DB001 ", reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason!);

        await _server.StartAsync(Stop);
        Assert.Null(await store.CheckAsync(Stop));
        Assert.Empty(await source.RenewAsync([first], Stop));
        Assert.Empty(await source.SettleAsync([new(first, Outcome.Completed)], Stop));
        Assert.Equal("b", TempSchema.Text(Assert.Single(await source.FetchAsync(new(10), Stop))));
    }

    [FullLaneFact]
    public async Task A_waiting_fetch_fails_when_the_server_goes_and_the_next_one_waits_again()
    {
        var store = await _temp.OpenAsync();
        await using var source = store.OpenSource(new() { Queue = "q" });
        var waiting = source.FetchAsync(new(1), Stop).AsTask();
        // Behind its claim, whose outcome could be unknown, and in its looks.
        while ((long)(await _temp.ExecuteAsync($"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{_temp.Name}' AND query LIKE '%a claim would find%'"))! == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Stop);
        await _server.StopAsync();
        Assert.Equal("DB001", (await Assert.ThrowsAsync<StoreException>(() => waiting)).Code);
        await _server.StartAsync(Stop);
        waiting = source.FetchAsync(new(1), Stop).AsTask();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        Assert.Equal("a", TempSchema.Text(Assert.Single(await waiting)));
    }

    [FullLaneFact]
    public async Task A_source_may_be_closed_while_the_server_is_away()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        var source = store.OpenSource(new() { Queue = "q" });
        await source.FetchAsync(new(1), Stop);
        await _server.StopAsync();
        await source.DisposeAsync();
        await _server.StartAsync(Stop);
        await _temp.AdvanceAsync(TimeSpan.FromSeconds(31));
        await using var heir = store.OpenSource(new() { Queue = "q" });
        Assert.Equal("a", TempSchema.Text(Assert.Single(await heir.FetchAsync(new(1), Stop))));
    }

    [FullLaneFact]
    public async Task A_backend_killed_in_the_middle_of_a_settlement_delays_it_and_no_more()
    {
        var store = await _temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a", "k")], Stop);
        await using var source = store.OpenSource(new() { Queue = "q", Order = Order.PerKey });
        var claimed = Assert.Single(await source.FetchAsync(new(1), Stop));
        await using var other = new NpgsqlConnection($"{_server.ConnectionString};Pooling=false");
        await other.OpenAsync(Stop);
        await using (var transaction = await other.BeginTransactionAsync(Stop))
        {
            await using (var hold = new NpgsqlCommand($"SELECT 1 FROM {_temp.Name}.jobs FOR UPDATE", other)) await hold.ExecuteNonQueryAsync(Stop);
            var settling = source.SettleAsync([new(claimed, Outcome.Completed)], Stop).AsTask();
            while (await _temp.ExecuteAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{_temp.Name}' AND wait_event_type = 'Lock'") is 0L)
            {
            }

            await transaction.CommitAsync(Stop);
            Assert.Empty(await settling);
        }

        Assert.Equal(JobState.Succeeded, (await store.FindAsync(claimed.Id, Stop))!.State);
    }

    [FullLaneFact]
    public async Task A_server_that_dies_right_after_a_commit_is_asked_about_it_when_it_is_back()
    {
        var died = new TaskCompletionSource();
        await using var cutter = new CommitCutter(_server.Port)
        {
            Then = async () =>
            {
                await _server.KillAsync();
                died.SetResult();
            },
        };
        var store = await _temp.OpenAsync(options => options.ConnectionString = $"{_temp.ConnectionString};Port={cutter.Port}");
        cutter.CutAfter();
        var publishing = store.EnqueueAsync([TempSchema.Job("a")], Stop).AsTask();
        await died.Task.WaitAsync(Stop);
        await _server.StartAsync(Stop);
        var result = Assert.Single(await publishing);
        Assert.Equal(JobState.Waiting, (await store.FindAsync(result.Id, Stop))!.State);
        Assert.Equal(1, (await store.CountAsync("q", Stop)).Waiting);
    }

    [FullLaneFact]
    public async Task Out_of_connections_is_named_at_start_and_after_and_passes_by_itself()
    {
        var store = await _temp.OpenAsync();
        await _temp.CutAsync();
        // The test's own session may not give its place back meanwhile.
        await using var held = await _server.ConnectAsync("postgres", Stop);
        List<NpgsqlConnection> others = [];
        try
        {
            while (true)
            {
                others.Add(new NpgsqlConnection($"{_server.ConnectionString};Pooling=false"));
                await others[^1].OpenAsync(Stop);
            }
        }
        catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
        {
        }

        Assert.Equal("DB012", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempSchema.Job("a")], Stop))).Code);
        Assert.StartsWith("DB012 ", await store.CheckAsync(Stop), StringComparison.Ordinal);
        await using (var late = new PostgresStore(_temp.Options()))
            Assert.Equal("DB012", (await Assert.ThrowsAsync<StoreException>(async () => await late.OpenAsync(Stop))).Code);

        foreach (var other in others) await other.DisposeAsync();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        Assert.Null(await store.CheckAsync(Stop));
    }

    [FullLaneFact]
    public async Task A_pool_whose_connections_are_all_stuck_is_named()
    {
        var store = await _temp.OpenAsync(options => (options.MaxPoolSize, options.ConnectTimeout) = (2, TimeSpan.FromSeconds(1)));
        await using var other = new NpgsqlConnection($"{_server.ConnectionString};Pooling=false");
        await other.OpenAsync(Stop);
        await using var transaction = await other.BeginTransactionAsync(Stop);
        await using (var hold = new NpgsqlCommand($"LOCK TABLE {_temp.Name}.jobs IN EXCLUSIVE MODE", other)) await hold.ExecuteNonQueryAsync(Stop);
        var stuck = Enumerable.Range(0, 2).Select(_ => store.EnqueueAsync([TempSchema.Job("a")], Stop).AsTask()).ToArray();
        Assert.StartsWith("DB012 ", await store.CheckAsync(Stop), StringComparison.Ordinal);
        await transaction.CommitAsync(Stop);
        await Task.WhenAll(stuck);
        Assert.Null(await store.CheckAsync(Stop));
    }

    [FullLaneFact]
    public async Task A_server_that_answers_nothing_is_given_up_in_time_and_worked_with_again_when_it_does()
    {
        var store = await _temp.OpenAsync(options => (options.CommandTimeout, options.ConnectTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        await using var source = store.OpenSource(new() { Queue = "q" });
        var claimed = Assert.Single(await source.FetchAsync(new(1), Stop));
        var pids = (int[])(await _temp.ExecuteAsync($"SELECT array_agg(pid) FROM pg_stat_activity WHERE application_name = '{_temp.Name}'"))!;
        _server.Freeze();
        Signal("STOP", pids);
        try
        {
            Assert.Equal("DB013", (await Assert.ThrowsAsync<StoreException>(async () => await source.SettleAsync([new(claimed, Outcome.Completed)], Stop))).Code);
            Assert.StartsWith("DB013 ", await store.CheckAsync(Stop), StringComparison.Ordinal);
        }
        finally
        {
            Signal("CONT", pids);
            _server.Thaw();
        }

        Assert.Null(await store.CheckAsync(Stop));
        Assert.Empty(await source.SettleAsync([new(claimed, Outcome.Completed)], Stop));
    }

    [FullLaneFact]
    public async Task A_database_that_turns_read_only_is_named_and_works_again_after()
    {
        var store = await _temp.OpenAsync();
        await _temp.ExecuteAsync("ALTER DATABASE postgres SET default_transaction_read_only = on");
        await _temp.CutAsync();
        Assert.Equal("DB007", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempSchema.Job("a")], Stop))).Code);
        Assert.StartsWith("DB007 ", await store.CheckAsync(Stop), StringComparison.Ordinal);
        await using (var writer = new NpgsqlConnection($"{_server.ConnectionString};Pooling=false;Options=-c default_transaction_read_only=off"))
        {
            await writer.OpenAsync(Stop);
            await using var reset = new NpgsqlCommand("ALTER DATABASE postgres RESET default_transaction_read_only", writer);
            await reset.ExecuteNonQueryAsync(Stop);
        }

        await _temp.CutAsync();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
    }

    [Fact]
    public async Task A_schema_that_was_dropped_is_named()
    {
        var store = await _temp.OpenAsync();
        await _temp.ExecuteAsync($"DROP SCHEMA {_temp.Name} CASCADE");
        Assert.Equal("MIG003", (await Assert.ThrowsAsync<StoreException>(async () => await store.EnqueueAsync([TempSchema.Job("a")], Stop))).Code);
        Assert.StartsWith("MIG003 ", await store.CheckAsync(Stop), StringComparison.Ordinal);
    }

    [FullLaneFact]
    public async Task A_wrong_password_is_refused_and_not_printed()
    {
        await _server.ExecuteAsync("postgres", "CREATE ROLE ann LOGIN PASSWORD 'right'", Stop);
        var rules = Path.Combine(_server.Folder, "data", "pg_hba.conf");
        await File.WriteAllTextAsync(rules, $"host all ann 127.0.0.1/32 scram-sha-256\n{await File.ReadAllTextAsync(rules, Stop)}", Stop);
        await _server.ExecuteAsync("postgres", "SELECT pg_reload_conf()", Stop);
        foreach (var user in new[] { "ann:s3cret", "ann" })
        {
            StoreException? error = null;
            // The server reads its rules when it gets to it; until then everybody is trusted, and may not create a schema.
            while (error is null or { Code: "DB007" })
            {
                await using var store = new PostgresStore(new() { ConnectionString = $"postgresql://{user}@127.0.0.1:{_server.Port}/postgres", SettingName = "DATABASE_URL" });
                error = await Assert.ThrowsAsync<StoreException>(async () => await store.OpenAsync(Stop));
            }

            Assert.Equal("DB010", error.Code);
            Assert.Contains("DATABASE_URL", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        }
    }

    [FullLaneFact]
    public async Task A_standby_is_refused()
    {
        await (await _temp.OpenAsync()).DisposeAsync();
        await _server.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(_server.Folder, "data", "standby.signal"), "", Stop);
        await _server.StartAsync(Stop);
        await using (var store = new PostgresStore(_temp.Options()))
            Assert.Equal("DB007", (await Assert.ThrowsAsync<StoreException>(async () => await store.OpenAsync(Stop))).Code);
        await _server.StopAsync();
        File.Delete(Path.Combine(_server.Folder, "data", "standby.signal"));
        await _server.StartAsync(Stop);
    }

    private static void Signal(string signal, int[] pids)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", .. pids.Select(pid => pid.ToString(CultureInfo.InvariantCulture))]))!;
        kill.WaitForExit();
    }
}
