using Millrace.Storage;

namespace Millrace.Tests.Publishing;

/// <summary>The form of queue, worker and tenant names, `[a-z0-9][a-z0-9._-]{0,62}`.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("a.b_c-9")]
    [InlineData("9.")]
    [InlineData("z0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop")]
    public void What_is_a_name(string name)
    {
        Assert.InRange(name.Length, 1, 63);
        Assert.True(JobRules.IsName(name));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("_a")]
    [InlineData("-a")]
    [InlineData("A")]
    [InlineData("aB")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\n")]
    [InlineData("\u00e9")]
    [InlineData("a\u0131")]
    [InlineData("a\uff10")]
    [InlineData("a\0")]
    [InlineData("z0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop1")]
    public void What_is_no_name(string? name) => Assert.False(JobRules.IsName(name));
}
