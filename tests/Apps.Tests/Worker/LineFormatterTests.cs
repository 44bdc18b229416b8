using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Worker.Logging;

namespace Apps.Tests.Worker;

public sealed class LineFormatterTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void A_record_is_one_line_with_time_level_category_and_id() =>
        Assert.Equal("2026-01-02T03:04:05.678Z warn Millrace[12] Hello Zürich 🚂\n", Format("Hello Zürich 🚂"));

    [Fact]
    public void Text_from_outside_cannot_forge_a_line_or_reach_the_terminal() =>
        Assert.Equal("2026-01-02T03:04:05.678Z warn Millrace[12] a\\r\\n{\"level\":\"info\"}\\u001b[2J\\u0000\\u202eb\n", Format("a\r\n{\"level\":\"info\"}\u001b[2J\0\u202eb"));

    [Fact]
    public void An_error_is_on_the_same_line()
    {
        var line = Format("Failed", new InvalidOperationException("first\nsecond"));

        Assert.Contains("Failed | System.InvalidOperationException: first\\nsecond", line, StringComparison.Ordinal);
        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_record_is_clipped() =>
        Assert.InRange(Format(new string('x', 1_000_000), new InvalidOperationException(new string('y', 1_000_000))).Length, 16_000, 17_000);

    private static string Format(string message, Exception? error = null)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new LineFormatter(new FakeTimeProvider(Now)).Write(
            new LogEntry<string>(LogLevel.Warning, "Millrace", new EventId(12), message, error, (state, _) => state), null, text);
        return text.ToString();
    }
}
