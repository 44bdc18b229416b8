using System.Net;
using System.Net.Sockets;

namespace Apps.Tests.Worker;

public sealed class ConfigurationTests : IDisposable
{
    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Theory]
    [InlineData("WORKER_TYPE", "firehose-raeder", "CFG019 WORKER_TYPE \"firehose-raeder\" is unknown: it must be one or more of firehose, firehose-reader, firehose-writer, separated by commas. Did you mean firehose-reader?")]
    [InlineData("WORKER_TYPE", "firehose,", "CFG019 WORKER_TYPE \"\" is unknown")]
    [InlineData("WORKER_TYPE", "", "CFG008 WORKER_TYPE is set but empty")]
    [InlineData("CONCURRENCY", "0", "CFG002 CONCURRENCY 0 is out of range: it must be 1..10000.")]
    [InlineData("CONCURRENCY", "-1", "CFG002 CONCURRENCY -1 is out of range")]
    [InlineData("CONCURRENCY", "10001", "CFG002 CONCURRENCY 10001 is out of range")]
    [InlineData("CONCURRENCY", "99999999999999999999", "CFG002 CONCURRENCY 99999999999999999999 is out of range")]
    [InlineData("CONCURRENCY", "abc", "CFG003 CONCURRENCY \"abc\" is not a whole number: it must be 1..10000.")]
    [InlineData("CONCURRENCY", "1.5", "CFG003 CONCURRENCY \"1.5\" is not a whole number")]
    [InlineData("CONCURRENCY", "1e999", "CFG003 CONCURRENCY \"1e999\" is not a whole number")]
    [InlineData("CONCURRENCY", "", "CFG008 CONCURRENCY is set but empty")]
    [InlineData("BATCH_SIZE", "0", "CFG002 BATCH_SIZE")]
    [InlineData("GROUP_ID", "../x", "CFG015 GROUP_ID \"../x\" is not allowed")]
    [InlineData("LOG_LEVEL", "loud", "CFG022 LOG_LEVEL \"loud\" is unknown")]
    [InlineData("LOG_LEVEL", "", "CFG008 LOG_LEVEL is set but empty")]
    public async Task A_variable_that_does_not_fit_is_named_in_one_line(string name, string value, string expected)
    {
        var (code, output, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", (name, value));

        Assert.Equal(78, code);
        Assert.StartsWith(expected, Assert.Single(Lines(errors)), StringComparison.Ordinal);
        Assert.Equal("", output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data.Path));
    }

    [Theory]
    [InlineData("70000", "CFG016 PORT 70000 is out of range: it must be 0..65535.")]
    [InlineData("http", "CFG003 PORT \"http\" is not a whole number")]
    [InlineData("", "CFG008 PORT is set but empty")]
    public async Task A_port_that_does_not_fit_is_named_in_one_line(string value, string expected)
    {
        // Without --port: it would win, and PORT would not be read.
        var (code, _, errors) = await ChildWorker.RunAsync($"run --data {_data.Path}", ("PORT", value));

        Assert.Equal(78, code);
        Assert.Contains(Lines(errors), line => line.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_fault_is_told_at_once()
    {
        var (code, _, errors) = await ChildWorker.RunAsync("run --port 0 --data /proc",
            ("WORKER_TYPE", "nothing"), ("CONCURRENCY", "0"), ("GROUP_ID", "A b"), ("LOG_LEVEL", "loud"), ("RELAY_URL", "nowhere"), ("BATCH_SIZE", ""));

        Assert.Equal(78, code);
        string[] codes = ["CFG019", "CFG002", "CFG015", "CFG022", "CFG012", "CFG008", "DB001"];
        Assert.Equal(codes.Order(), Lines(errors).Select(line => line.Split(' ')[0]).Order());
    }

    [Fact]
    public async Task A_value_is_shown_clipped_and_with_control_characters_escaped()
    {
        var (code, _, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", ("WORKER_TYPE", "a\u001b[2J\nCFG000 forged" + new string('x', 10_000)));

        Assert.Equal(78, code);
        var line = Assert.Single(Lines(errors));
        Assert.Contains("a\\u001b[2J\\u000aCFG000", line, StringComparison.Ordinal);
        Assert.True(line.Length < 400, line);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_is_named()
    {
        var (code, _, errors) = await ChildWorker.RunAsync("run --port 0 --data /proc");

        Assert.Equal(78, code);
        Assert.StartsWith("DB001 the data directory \"/proc\" cannot be written", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_place_of_the_directory_is_named()
    {
        var file = Path.Combine(_data.Path, "file");
        await File.WriteAllTextAsync(file, "not a directory");

        var (code, _, errors) = await ChildWorker.RunAsync($"demo --port 0 --data {file}");

        Assert.Equal(78, code);
        Assert.StartsWith($"DB001 the data directory", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("firehose.db")]
    [InlineData("millrace.db")]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone(string name)
    {
        var file = Path.Combine(_data.Path, name);
        var content = new string('x', 8192);
        await File.WriteAllTextAsync(file, content);

        var (code, _, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", ("RELAY_URL", "ws://127.0.0.1:9"), ("LOG_LEVEL", "none"));

        Assert.Equal(78, code);
        var line = Assert.Single(Lines(errors));
        Assert.StartsWith("DB002 ", line, StringComparison.Ordinal);
        Assert.Contains(file, line, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllTextAsync(file));
    }

    [Theory]
    [InlineData("firehose.db", "schema_versions", "Firehose.Storage.Migrations.9999_future.sql")]
    [InlineData("millrace.db", "millrace_schema", "Millrace.Sqlite.Migrations.9999_future.sql")]
    public async Task A_schema_newer_than_the_program_is_refused(string name, string journal, string script)
    {
        await using (var first = ChildWorker.Start($"run --port 0 --data {_data.Path}", ("RELAY_URL", "ws://127.0.0.1:9")))
        {
            await first.AddressAsync();
            first.Signal(ChildWorker.SigTerm);
            Assert.Equal(0, await first.ExitAsync());
        }

        DataDirectory.Execute(Path.Combine(_data.Path, name), $"INSERT INTO {journal} (ScriptName, Applied) VALUES ('{script}', '2999-01-01')").Dispose();

        var (code, _, errors) = await ChildWorker.RunAsync($"run --port 0 --data {_data.Path}", ("RELAY_URL", "ws://127.0.0.1:9"), ("LOG_LEVEL", "none"));

        Assert.Equal(78, code);
        Assert.StartsWith("MIG001 ", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("demo")]
    public async Task A_port_that_is_taken_is_named_and_nothing_is_started(string command)
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var (code, output, errors) = await ChildWorker.RunAsync($"{command} --port {port} --data {_data.Path}");

        Assert.Equal(78, code);
        Assert.StartsWith($"CFG016 port {port} is taken by another process", Assert.Single(Lines(errors)), StringComparison.Ordinal);
        Assert.Equal("", output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data.Path));
    }

    [Fact]
    public async Task An_option_wins_over_its_variable()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var taken = ((IPEndPoint)holder.LocalEndpoint).Port;

        await using var child = ChildWorker.Start($"run --port 0 --data {_data.Path}", ("PORT", $"{taken}"), ("RELAY_URL", "ws://127.0.0.1:9"));

        Assert.NotEqual(taken, (await child.AddressAsync()).Port);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
