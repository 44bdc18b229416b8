using System.Diagnostics;
using Millrace.Outcomes;
using Millrace.Postgres;
using Millrace.Settlements;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>No space left for the tables, on a small file system of their own. Needs a user who may mount one.</summary>
public sealed class PostgresFullDiskTests : IAsyncLifetime
{
    private readonly string _disk = Directory.CreateTempSubdirectory("millrace-disk-").FullName;
    private readonly string _name = $"full_{Guid.NewGuid():N}";
    private bool _mounted;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _mounted = Environment.IsPrivilegedProcess && await RunAsync("mount", "-t", "tmpfs", "-o", "size=32m,mode=777", "tmpfs", _disk);
        Assert.SkipUnless(_mounted, "This user may not mount a small file system.");
        await RunAsync("chown", "postgres", _disk);
        var server = await PostgresServers.GetAsync();
        await server.ExecuteAsync("postgres", $"CREATE TABLESPACE {_name} LOCATION '{_disk}'", Stop);
        await server.ExecuteAsync("postgres", $"CREATE DATABASE {_name} TABLESPACE {_name}", Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_mounted)
        {
            var server = await PostgresServers.GetAsync();
            await server.ExecuteAsync("postgres", $"DROP DATABASE IF EXISTS {_name} WITH (FORCE)", CancellationToken.None);
            await server.ExecuteAsync("postgres", $"DROP TABLESPACE IF EXISTS {_name}", CancellationToken.None);
            await RunAsync("umount", _disk);
        }

        Directory.Delete(_disk);
    }

    [Fact]
    public async Task A_full_disk_refuses_new_jobs_keeps_old_ones_and_recovers_by_itself()
    {
        var server = await PostgresServers.GetAsync();
        await using var store = new PostgresStore(new() { ConnectionString = server.ConnectionStringTo(_name), Retention = new() { MaxCount = 0 } });
        await store.OpenAsync(Stop);
        var ballast = Path.Combine(_disk, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[4 * 1024 * 1024], Stop);
        // No compression makes it smaller.
        var body = new byte[200_000];
        new Random(1).NextBytes(body);
        List<string> accepted = [];
        StoreException? refused = null;
        while (refused is null)
        {
            try
            {
                accepted.Add((await store.EnqueueAsync([TempSchema.Job("") with { Body = body }], Stop))[0].Id);
            }
            catch (StoreException error)
            {
                refused = error;
            }
        }

        Assert.Equal("DB006", refused.Code);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.NotEmpty(accepted);
        Assert.Equal(accepted.Count, (await store.CountAsync("q", Stop)).Waiting);

        File.Delete(ballast);
        await store.EnqueueAsync([TempSchema.Job("") with { Body = body }], Stop);
        Assert.Null(await store.CheckAsync(Stop));
        await using var source = store.OpenSource(new() { Queue = "q" });
        var claimed = await source.FetchAsync(new(accepted.Count), Stop);
        Assert.Equal(accepted, claimed.Select(delivery => delivery.Id));
        Assert.Empty(await source.SettleAsync([.. claimed.Select(delivery => new Settlement(delivery, Outcome.Completed))], Stop));
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode == 0;
    }
}
