using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.Diagnostics;
using Millrace.Retries;

namespace Millrace.Tests.Diagnostics;

/// <summary>Spans and metrics as OpenTelemetry's messaging conventions name them.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task One_consumer_span_an_attempt_is_linked_to_the_publishers_span()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == MillraceTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using (var host = await EngineHost.StartAsync(engine => engine.AddWorker("traced", (_, context, _) => context.Delivery.Attempt == 1 ? throw new InvalidOperationException("no") : default,
            options => options.Retry.Backoff = new Backoff.Fixed(TimeSpan.Zero))))
        {
            await host.PublishAsync("traced", "hello");
            while (host.Control.Status.Workers[0].Settled.Completed == 0) await Task.Yield();
        }

        var ours = spans.Where(span => Equals(span.GetTagItem("messaging.destination.name"), "traced")).ToList();
        var sent = ours.Single(span => span.Kind == ActivityKind.Producer);
        var handled = ours.Where(span => span.Kind == ActivityKind.Consumer).ToList();
        Assert.Equal("send traced", sent.OperationName);
        Assert.Equal(2, handled.Count);
        Assert.All(handled, span => Assert.Equal(("process traced", sent.Context.SpanId, "memory"), (span.OperationName, Assert.Single(span.Links).Context.SpanId, span.GetTagItem("messaging.system"))));
        Assert.Equal([ActivityStatusCode.Error, ActivityStatusCode.Unset], handled.Select(span => span.Status));
        Assert.Equal("InvalidOperationException", handled[0].GetTagItem("error.type"));
    }

    [Fact]
    public async Task Durations_attempts_and_deaths_are_measured()
    {
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == MillraceTelemetry.Name) self.EnableMeasurementEvents(instrument);
        };
        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = tags.ToArray().ToDictionary();
            if (!Equals(all["messaging.destination.name"], "measured")) return;
            var name = instrument.Name == "messaging.client.operation.duration" ? $"{instrument.Name} {all["messaging.operation.name"]}" : instrument.Name;
            seen.AddOrUpdate(name, value, (_, sum) => sum + value);
        }

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        listener.Start();
        await using (var host = await EngineHost.StartAsync(engine => engine.AddWorker("measured", (body, _, _) => Text.Of(body) == "bad" ? throw new PermanentException("no") : default)))
        {
            await host.PublishAsync("measured", "good");
            await host.PublishAsync("measured", "bad");
            while (host.Control.Status.Workers[0].Settled is { Completed: 0 } or { Dead: 0 }) await Task.Yield();
        }

        Assert.Equal((2, 2, 2, 2, 1), (seen["messaging.client.sent.messages"], seen["messaging.client.consumed.messages"], seen["messaging.process.duration"], seen["millrace.job.attempts"], seen["millrace.job.dead"]));
        Assert.True(seen["messaging.client.operation.duration receive"] > 0 && seen["messaging.client.operation.duration settle"] > 0);
    }
}
