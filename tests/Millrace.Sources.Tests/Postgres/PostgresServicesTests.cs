using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Diagnostics;
using Millrace.Hosting;
using Millrace.Postgres;
using Millrace.Storage;

namespace Millrace.Sources.Tests.Postgres;

/// <summary>The store in a host: what refuses the start, what is counted after it.</summary>
public sealed class PostgresServicesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_starts_on_a_URL_and_what_is_registered_first_counts()
    {
        await using var temp = new TempSchema(await PostgresServers.GetAsync());
        using var host = Build(temp.ConnectionString, options => options.Schema = temp.Name);
        await host.StartAsync(Stop);
        Assert.Null(await Assert.IsType<PostgresStore>(host.Services.GetRequiredService<JobStore>()).CheckAsync(Stop));
        await host.StopAsync(Stop);
    }

    [Theory]
    [InlineData("postgresql://ann:s3cret@db:port/jobs", "CFG012 DATABASE_URL ")]
    [InlineData("", "CFG008 DATABASE_URL ")]
    [InlineData("postgresql://ann:s3cret@127.0.0.1:1/jobs", "DB001 the database of DATABASE_URL (127.0.0.1:1/jobs) ")]
    public async Task A_wrong_address_refuses_the_start(string address, string fault)
    {
        using var host = Build(address);
        var error = await Assert.ThrowsAsync<MillraceConfigurationException>(() => host.StartAsync(Stop));
        Assert.StartsWith(fault, Assert.Single(error.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(78, MillraceConfigurationException.ExitCode);
    }

    [Fact]
    public async Task Failures_are_counted_also_when_another_try_makes_them_good()
    {
        await using var temp = new TempSchema(await PostgresServers.GetAsync());
        var store = await temp.OpenAsync();
        await store.EnqueueAsync([TempSchema.Job("a")], Stop);
        var counted = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == MillraceTelemetry.Name && instrument.Name == "millrace.store.failures") self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref counted, count));
        listener.Start();
        await temp.CutAsync();
        await store.EnqueueAsync([TempSchema.Job("b")], Stop);
        Assert.InRange(Volatile.Read(ref counted), 1, long.MaxValue);
    }

    private static IHost Build(string address, Action<PostgresStoreOptions>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddMillrace()
            .UsePostgres(address, options =>
            {
                options.SettingName = "DATABASE_URL";
                configure?.Invoke(options);
            })
            .UsePostgres("Host=second");
        return builder.Build();
    }
}
