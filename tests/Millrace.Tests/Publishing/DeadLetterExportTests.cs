using System.Text.Json;
using Millrace.Publishing;
using Millrace.Retries;
using Millrace.Storage;

namespace Millrace.Tests.Publishing;

/// <summary>Dead letters as lines of JSON.</summary>
public sealed class DeadLetterExportTests
{
    [Fact]
    public async Task Every_dead_letter_is_one_line_with_its_body_and_errors_and_the_export_leaves_one_audit_entry()
    {
        await using var host = await StartAsync();
        var options = new PublishOptions { Key = "k", Headers = new([new("a", "1"), new("a", "ü\n")]) };
        await host.Client.PublishAsync("rows", Text.Bytes("tëxt\0\n"), options, EngineHost.Stop);
        await host.Client.PublishAsync("rows", new byte[] { 0xff, 0x00 }, stopping: EngineHost.Stop);
        while ((await host.DeadLettersAsync()).Count < 2) await Task.Yield();

        using var file = new MemoryStream();
        Assert.Equal(2, await host.Client.ExportDeadLettersAsync(new() { Queue = "rows" }, file, "ana", EngineHost.Stop));

        var lines = Text.Of(file.ToArray()).TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(2, lines.Count);
        var text = lines.Single(line => line.TryGetProperty("body", out _));
        Assert.Equal(("tëxt\0\n", "k", "ü\n"), (text.GetProperty("body").GetString(), text.GetProperty("key").GetString(), text.GetProperty("headers")[1][1].GetString()));
        Assert.Contains("broken", text.GetProperty("errors")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(new byte[] { 0xff, 0x00 }, lines.Single(line => line.TryGetProperty("bodyBase64", out _)).GetProperty("bodyBase64").GetBytesFromBase64());
        Assert.Equal(("ana", "export", "rows", "2 dead letters"), (await host.Store.ListAuditAsync(10, EngineHost.Stop)).Select(entry => (entry.Actor, entry.Action, entry.Target, entry.Detail)).Single());
    }

    [Fact]
    public async Task An_export_of_nothing_is_empty()
    {
        await using var host = await StartAsync();
        using var file = new MemoryStream();
        Assert.Equal(0, await host.Client.ExportDeadLettersAsync(new DeadLetterFilter(), file, "ana", EngineHost.Stop));
        Assert.Equal(0, file.Length);
    }

    private static Task<EngineHost> StartAsync() => EngineHost.StartAsync(engine => engine.AddWorker("rows", (_, _, _) => throw new PermanentException("broken")));
}
