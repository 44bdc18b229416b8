namespace Apps.Tests.Worker;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("", "Required command was not provided.")]
    [InlineData("dmo", "Unknown command \"dmo\": did you mean demo?")]
    [InlineData("serve-everything", "Unknown command \"serve-everything\".")]
    [InlineData("run --prot 1", "Unknown option \"--prot\": did you mean --port?")]
    [InlineData("demo --exit-when-don", "Unknown option \"--exit-when-don\": did you mean --exit-when-done?")]
    [InlineData("run extra", "Unknown argument \"extra\".")]
    [InlineData("run --port", "Required argument missing for option: '--port'.")]
    [InlineData("run --port abc", "--port \"abc\" is not allowed: it must be a whole number, 0..65535.")]
    [InlineData("run --port 65536", "--port \"65536\" is not allowed: it must be a whole number, 0..65535.")]
    [InlineData("run --port -1", "--port \"-1\" is not allowed: it must be a whole number, 0..65535.")]
    [InlineData("demo --speed 0", "--speed \"0\" is not allowed: it must be a whole number, 1..1000000.")]
    [InlineData("demo --output xml", "'xml'")]
    public async Task A_command_line_that_means_nothing_is_explained_with_the_usage(string arguments, string expected)
    {
        var (code, output, errors) = await ChildWorker.RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.Contains("Usage: millrace-worker", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    public async Task What_was_typed_is_shown_clipped_and_with_control_characters_escaped()
    {
        var (code, _, errors) = await ChildWorker.RunAsync("run\u001b[31m" + new string('x', 5000));

        Assert.Equal(2, code);
        Assert.Contains("\\u001b[31m", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', errors);
        Assert.True(errors.Length < 500, errors);
    }

    [Fact]
    public async Task Help_names_both_commands()
    {
        var (code, output, _) = await ChildWorker.RunAsync("--help");

        Assert.Equal(0, code);
        Assert.Contains("demo", output, StringComparison.Ordinal);
        Assert.Contains("run", output, StringComparison.Ordinal);
    }
}
