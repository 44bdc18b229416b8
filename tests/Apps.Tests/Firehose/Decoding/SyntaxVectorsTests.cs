using System.Text;
using Firehose.Decoding;

namespace Apps.Tests.Firehose.Decoding;

/// <summary>Every line of the protocol's public syntax vectors.</summary>
public sealed class SyntaxVectorsTests
{
    private delegate bool Check(ReadOnlySpan<byte> text);

    [Theory]
    [InlineData("did")]
    [InlineData("handle")]
    [InlineData("nsid")]
    [InlineData("recordkey")]
    [InlineData("tid")]
    [InlineData("aturi")]
    [InlineData("datetime")]
    [InlineData("cid")]
    public void Every_vector_is_judged_as_the_protocol_does(string type)
    {
        Check check = type switch
        {
            "did" => Did.IsValid,
            "handle" => Handle.IsValid,
            "nsid" => Nsid.IsValid,
            "recordkey" => RecordKey.IsValid,
            "tid" => Tid.IsValid,
            "aturi" => AtUri.IsValid,
            "datetime" => AtDateTime.IsValid,
            _ => Cid.IsText,
        };
        var valid = TestData.Vectors($"{type}_syntax_valid.txt").ToList();
        var invalid = TestData.Vectors($"{type}_syntax_invalid.txt").ToList();
        Assert.NotEmpty(valid);
        Assert.NotEmpty(invalid);
        Assert.All(valid, text => Assert.True(check(Encoding.UTF8.GetBytes(text)), text));
        Assert.All(invalid, text => Assert.False(check(Encoding.UTF8.GetBytes(text)), text));
    }

    [Fact]
    public void Dates_that_no_calendar_has_fit_the_syntax_but_are_not_read()
    {
        foreach (var text in TestData.Vectors("datetime_parse_invalid.txt"))
        {
            Assert.True(AtDateTime.IsValid(Encoding.UTF8.GetBytes(text)), text);
            Assert.False(AtDateTime.TryParse(Encoding.UTF8.GetBytes(text), out _), text);
        }
    }

    [Fact]
    public void Valid_dates_are_read_but_for_the_year_zero()
    {
        foreach (var text in TestData.Vectors("datetime_syntax_valid.txt"))
            Assert.Equal(!text.StartsWith("0000", StringComparison.Ordinal), AtDateTime.TryParse(Encoding.UTF8.GetBytes(text), out _));
    }

    [Theory]
    [InlineData("1985-04-12T23:20:50.1235678912345Z", "1985-04-12T23:20:50.1235678Z")]
    [InlineData("1985-04-12T23:20:50.123-07:00", "1985-04-13T06:20:50.123Z")]
    [InlineData("1985-04-12T23:20:50+01:45", "1985-04-12T21:35:50Z")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z")]
    public void A_date_is_read_as_utc(string text, string utc)
    {
        Assert.True(AtDateTime.TryParse(Encoding.UTF8.GetBytes(text), out var value));
        Assert.Equal(DateTimeOffset.Parse(utc, System.Globalization.CultureInfo.InvariantCulture), value);
        Assert.Equal(TimeSpan.Zero, value.Offset);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("2023-02-29T00:00:00Z")]
    [InlineData("2024-02-28T23:59:60Z")]
    [InlineData("yesterday")]
    [InlineData("")]
    public void A_date_outside_the_calendar_is_not_read(string text) =>
        Assert.False(AtDateTime.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
