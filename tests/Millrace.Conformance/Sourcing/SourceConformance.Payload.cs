using Millrace.Outcomes;
using Millrace.Sources;

namespace Millrace.Conformance.Sourcing;

public abstract partial class SourceConformance<THarness>
{
    [Fact(Timeout = SourceHarness.Guard)]
    public async Task An_empty_body_survives()
    {
        await Harness.FillAsync("", Stop);
        await using var source = Harness.Open();
        Assert.True((await source.TakeAsync(Stop)).Body.IsEmpty);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_body_of_1_MiB_of_any_bytes_survives()
    {
        var body = new byte[1024 * 1024];
        new Random(1).NextBytes(body);
        await Harness.FillAsync([Harness.Job("") with { Body = body }], Stop);
        await using var source = Harness.Open();
        Assert.True((await source.TakeAsync(Stop)).Body.Span.SequenceEqual(body));
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task A_body_that_is_no_text_survives()
    {
        byte[] body = [.. Enumerable.Range(0, 256).Select(value => (byte)value), 0, 0xff, 0xfe, 0xc0, 0x80, 0];
        await Harness.FillAsync([Harness.Job("") with { Body = body }], Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal(body, delivery.Body.ToArray());
        await source.WriteAsync(delivery, Outcome.Dead("unreadable"), Stop);
        Assert.Equal(body, Assert.Single(await Harness.DeadAsync(Stop)).Body.ToArray());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task The_publisher_may_use_its_buffer_again()
    {
        byte[] buffer = [1, 2, 3];
        await Harness.FillAsync([Harness.Job("") with { Body = buffer }], Stop);
        buffer.AsSpan().Clear();
        await using var source = Harness.Open();
        Assert.Equal([1, 2, 3], (await source.TakeAsync(Stop)).Body.ToArray());
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Headers_keep_their_order_their_duplicates_and_every_character()
    {
        MessageHeaders headers = new(
        [
            new("plain", "value"), new("plain", "second value"), new("Plain", "other case"), new("empty", ""), new("", "no name"),
            new("\u540d\u524d", "\u00fc\u2028\U0001f980"), new("quotes", "\"'\\{}[],:\r\n\t"), new("nul", "a\0b"), new("plain", "value"), new("long", new string('x', 10_000)),
        ]);
        await Harness.FillAsync([Harness.Job("a") with { Headers = headers }], Stop);
        await using var source = Harness.Open();
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal(headers, delivery.Headers);
        await source.WriteAsync(delivery, Outcome.Dead("kept"), Stop);
        Assert.Equal(headers, Assert.Single(await Harness.DeadAsync(Stop)).Headers);
    }

    [Fact(Timeout = SourceHarness.Guard)]
    public async Task Kinds_and_reasons_keep_every_character()
    {
        const string odd = "it's \"odd\"\0 \u65e5\u672c \U0001f600 %_{}\r\n";
        await Harness.FillAsync([Harness.Job("a", odd) with { Kind = odd }], Stop);
        await using var source = Harness.Open(Order.PerKey);
        var delivery = await source.TakeAsync(Stop);
        Assert.Equal((odd, odd), (delivery.Kind, delivery.Key));
        await source.WriteAsync(delivery, new Outcome.DeadOutcome(odd) { Detail = odd }, Stop);
        var letter = Assert.Single(await Harness.DeadAsync(Stop));
        Assert.Equal((odd, odd, odd, odd), (letter.Kind, letter.Key, letter.Reason, letter.Errors[^1].Detail));
    }
}
